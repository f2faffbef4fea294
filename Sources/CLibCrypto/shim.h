#pragma once
// The one-shot digest functions keep their state in a plain struct, which EVP hides; resumable hashing needs it.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
