internal import CLibCrypto
internal import SharedModel
private import Synchronization

/// HMAC-SHA-256 through OpenSSL.
enum SigningHMAC {
  /// The 32-byte code of `message` under `key`.
  static func sha256(key: [UInt8], _ message: some Collection<UInt8>) -> [UInt8] {
    let message = Array(message)
    var code = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    _ = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length)
    return code
  }
}

/// Derives the key that signs one day's requests, and keeps the last one: it changes once a day.
///
/// AWS General Reference, "Create a signed AWS API request", step 3.
final class SigningKeyCache: Sendable {
  private let last = Mutex<(day: String, key: [UInt8])?>(nil)

  /// The signing key of a secret for a day, region and service.
  func key(secret: Secret, day: String, region: String, service: String) -> [UInt8] {
    last.withLock { last in
      if let last, last.day == day { return last.key }
      var key = SigningHMAC.sha256(key: Array("AWS4\(secret.revealed)".utf8), day.utf8)
      for part in [region, service, "aws4_request"] { key = SigningHMAC.sha256(key: key, part.utf8) }
      last = (day, key)
      return key
    }
  }
}
