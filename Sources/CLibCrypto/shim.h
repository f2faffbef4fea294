#pragma once
// The one-shot digest functions keep their state in a plain struct, which EVP hides; resumable hashing needs it.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

// FIPS 180-4, section 4.2.2.
static const uint32_t mt_sha256_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// Adds whole blocks to two chaining values at once. The message schedule depends on the data alone and is shared, and the
// rounds of one chain fill the waiting times of the other, so the second hash costs next to nothing.
__attribute__((target("sha,sse4.1,ssse3")))
static inline void mt_sha256_blocks_of_two(uint32_t *first, uint32_t *second, const uint8_t *data, size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  // The instructions want the words in the order ABEF and CDGH.
  __m128i t = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)first), 0xB1);
  __m128i a1 = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(first + 4)), 0x1B);
  __m128i a0 = _mm_alignr_epi8(t, a1, 8);
  a1 = _mm_blend_epi16(a1, t, 0xF0);
  t = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)second), 0xB1);
  __m128i b1 = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(second + 4)), 0x1B);
  __m128i b0 = _mm_alignr_epi8(t, b1, 8);
  b1 = _mm_blend_epi16(b1, t, 0xF0);
  for (; blocks > 0; blocks--, data += 64) {
    const __m128i a0_before = a0, a1_before = a1, b0_before = b0, b1_before = b1;
    __m128i w[4];
    for (int i = 0; i < 4; i++) {
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(data + 16 * i)), swap);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      if (i >= 4) {
        __m128i sum = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
        sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
        w[i & 3] = _mm_sha256msg2_epu32(sum, w[(i + 3) & 3]);
      }
      __m128i m = _mm_add_epi32(w[i & 3], _mm_load_si128((const __m128i *)(mt_sha256_constants + 4 * i)));
      a1 = _mm_sha256rnds2_epu32(a1, a0, m);
      b1 = _mm_sha256rnds2_epu32(b1, b0, m);
      m = _mm_shuffle_epi32(m, 0x0E);
      a0 = _mm_sha256rnds2_epu32(a0, a1, m);
      b0 = _mm_sha256rnds2_epu32(b0, b1, m);
    }
    a0 = _mm_add_epi32(a0, a0_before);
    a1 = _mm_add_epi32(a1, a1_before);
    b0 = _mm_add_epi32(b0, b0_before);
    b1 = _mm_add_epi32(b1, b1_before);
  }
  t = _mm_shuffle_epi32(a0, 0x1B);
  a1 = _mm_shuffle_epi32(a1, 0xB1);
  _mm_storeu_si128((__m128i *)first, _mm_blend_epi16(t, a1, 0xF0));
  _mm_storeu_si128((__m128i *)(first + 4), _mm_alignr_epi8(a1, t, 8));
  t = _mm_shuffle_epi32(b0, 0x1B);
  b1 = _mm_shuffle_epi32(b1, 0xB1);
  _mm_storeu_si128((__m128i *)second, _mm_blend_epi16(t, b1, 0xF0));
  _mm_storeu_si128((__m128i *)(second + 4), _mm_alignr_epi8(b1, t, 8));
}

// Whether this processor has the SHA-256 instructions: CPUID leaf 7, EBX bit 29.
static inline int mt_has_sha256_instructions(void) {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && ((b >> 29) & 1);
}

static inline void mt_sha256_count(SHA256_CTX *context, size_t bytes) {
  uint64_t bits = ((uint64_t)context->Nh << 32 | context->Nl) + ((uint64_t)bytes << 3);
  context->Nl = (SHA_LONG)bits;
  context->Nh = (SHA_LONG)(bits >> 32);
}
#endif

// Adds the same bytes to two hashes: `paired` says whether both may be done in one pass, which needs the instructions.
static inline void mt_sha256_update_two(
    SHA256_CTX *first, SHA256_CTX *second, const void *data, size_t length, int paired) {
#if defined(__x86_64__)
  // In step within a block, so that both chains take the same blocks.
  if (paired && first->num == second->num) {
    const uint8_t *bytes = (const uint8_t *)data;
    size_t head = first->num == 0 ? 0 : 64 - first->num;
    if (head > length) head = length;
    SHA256_Update(first, bytes, head);
    SHA256_Update(second, bytes, head);
    bytes += head;
    length -= head;
    size_t blocks = length / 64;
    mt_sha256_blocks_of_two((uint32_t *)first->h, (uint32_t *)second->h, bytes, blocks);
    mt_sha256_count(first, blocks * 64);
    mt_sha256_count(second, blocks * 64);
    SHA256_Update(first, bytes + blocks * 64, length - blocks * 64);
    SHA256_Update(second, bytes + blocks * 64, length - blocks * 64);
    return;
  }
#endif
  (void)paired;
  SHA256_Update(first, data, length);
  SHA256_Update(second, data, length);
}

static inline int mt_can_pair_sha256(void) {
#if defined(__x86_64__)
  return mt_has_sha256_instructions();
#else
  return 0;
#endif
}
