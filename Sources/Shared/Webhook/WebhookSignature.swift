package import SharedModel

/// How an event proves who sent it: HMAC-SHA-256 (RFC 2104) of the time and the body, under the receiver's secret.
package enum WebhookSignature {
  /// The value of `Meridian-Signature`: `v1=` and the code in hexadecimal over `<timestamp>.<body>`.
  ///
  /// The time is part of what is signed, so that an event caught on the way cannot be sent again later: receivers
  /// refuse old ones.
  package static func value(body: [UInt8], timestamp: Int64, secret: Secret) -> String {
    "v1=" + Hexadecimal.encode(code(Array("\(timestamp).".utf8) + body, key: Array(secret.revealed.utf8)))
  }

  /// HMAC-SHA-256 of a message under a key of any length.
  static func code(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    var block = key.count > blockBytes ? hash(key, []) : key
    block += [UInt8](repeating: 0, count: blockBytes - block.count)
    return hash(block.map { $0 ^ 0x5c }, hash(block.map { $0 ^ 0x36 }, message))
  }

  /// The bytes SHA-256 works on at a time.
  private static let blockBytes = 64

  private static func hash(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
    var hasher = ContentHasher(algorithm: .sha256)
    hasher.update(first)
    hasher.update(second)
    return Hexadecimal.decode(hasher.digest().hex) ?? []
  }
}
