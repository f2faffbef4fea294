internal import CLibCrypto
internal import SharedModel

/// Signs with an RSA private key, RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017 section 8.2), as CloudFront demands it.
///
/// `@unchecked Sendable` proof: `key` is set once in `init` and freed in `deinit`; an `EVP_PKEY` whose making is over may be
/// used by several threads at a time (openssl-threads(7)), and every signature has a context of its own.
final class SigningRSA: @unchecked Sendable {
  private let key: OpaquePointer

  /// Reads a key in PEM form, PKCS #1 or #8; nil for anything else, keys behind a passphrase included.
  init?(pem: [UInt8]) {
    guard let length = Int32(exactly: pem.count),
      let key = pem.withUnsafeBytes({ bytes -> OpaquePointer? in
        guard let source = BIO_new_mem_buf(bytes.baseAddress, length) else { return nil }
        defer { BIO_free(source) }
        // With an empty passphrase given nobody is asked for one.
        var passphrase: CChar = 0
        return PEM_read_bio_PrivateKey(source, nil, nil, &passphrase)
      })
    else { return nil }
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else {
      EVP_PKEY_free(key)
      return nil
    }
    self.key = key
  }

  deinit { EVP_PKEY_free(key) }

  /// The signature of `message`, as long as the key's modulus; nil where libcrypto fails.
  func signature(of message: [UInt8]) -> [UInt8]? {
    guard let context = EVP_MD_CTX_new() else { return nil }
    defer { EVP_MD_CTX_free(context) }
    var length = 0
    guard EVP_DigestSignInit(context, nil, EVP_sha1(), nil, key) == 1,
      EVP_DigestSign(context, nil, &length, message, message.count) == 1
    else { return nil }
    var signature = [UInt8](repeating: 0, count: length)
    guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else { return nil }
    return Array(signature.prefix(length))
  }
}
