internal import CLibCrypto
internal import SharedModel
private import Synchronization

/// HMAC-SHA-256 under one key (RFC 2104); the hash of the padded key is done once, for all messages.
struct SigningMAC: Sendable {
  private static let blockBytes = 64

  private let inner: SHA256_CTX
  private let outer: SHA256_CTX

  /// Takes a key of any length.
  init(key: [UInt8]) {
    let key = key.count > Self.blockBytes ? Self.hash(key) : key
    let padding = [UInt8](repeating: 0, count: Self.blockBytes - key.count)
    inner = Self.begun((key + padding).map { $0 ^ 0x36 })
    outer = Self.begun((key + padding).map { $0 ^ 0x5c })
  }

  /// The 32-byte code of `message`.
  func code(of message: some Sequence<UInt8>) -> [UInt8] {
    Self.ended(outer, Self.ended(inner, message))
  }

  /// The SHA-256 of `message`.
  static func hash(_ message: some Sequence<UInt8>) -> [UInt8] {
    ended(begun([]), message)
  }

  private static func begun(_ bytes: [UInt8]) -> SHA256_CTX {
    var context = SHA256_CTX()
    SHA256_Init(&context)
    SHA256_Update(&context, bytes, bytes.count)
    return context
  }

  private static func ended(_ begun: SHA256_CTX, _ message: some Sequence<UInt8>) -> [UInt8] {
    var context = begun
    // Text is in one piece nearly always; else it is gathered.
    let isDone: Void? = message.withContiguousStorageIfAvailable {
      _ = SHA256_Update(&context, $0.baseAddress, $0.count)
    }
    if isDone == nil {
      let bytes = Array(message)
      SHA256_Update(&context, bytes, bytes.count)
    }
    return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      SHA256_Final(buffer.baseAddress, &context)
      count = 32
    }
  }
}

/// Derives the key that signs one day's requests, and keeps the last one: it changes once a day.
///
/// AWS General Reference, "Create a signed AWS API request", step 3.
final class SigningKeyCache: Sendable {
  private let last = Mutex<(day: String, mac: SigningMAC)?>(nil)

  /// The signing key of a secret for a day, region and service; a cache is asked for one secret, region and service only.
  func mac(secret: Secret, day: String, region: String, service: String) -> SigningMAC {
    last.withLock { last in
      if let last, last.day == day { return last.mac }
      var mac = SigningMAC(key: Array("AWS4\(secret.revealed)".utf8))
      for part in [day, region, service, "aws4_request"] { mac = SigningMAC(key: mac.code(of: part.utf8)) }
      last = (day, mac)
      return mac
    }
  }
}
