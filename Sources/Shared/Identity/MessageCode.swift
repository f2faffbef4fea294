package import SharedModel

/// HMAC-SHA-256 under one key (RFC 2104): says that a text was made by somebody who has the key.
package struct MessageCode: Sendable {
  private static let blockBytes = 64

  private let inner: ContentHasher
  private let outer: ContentHasher

  /// Takes a key for one purpose; codes made for another purpose with the same secret are never accepted here.
  package init(secret: Secret, purpose: String) {
    let material = Array("\(purpose)\n".utf8) + Array(secret.revealed.utf8)
    // A digest is always 32 bytes, so it fits into a block and only has to be filled up.
    let key = Self.bytes(of: Digest(of: material))
    self.init(key: key)
  }

  /// Takes a key of at most 64 bytes; a longer one is hashed first (RFC 2104 section 2).
  init(key: [UInt8]) {
    let short = key.count > Self.blockBytes ? Self.bytes(of: Digest(of: key)) : key
    let block = short + [UInt8](repeating: 0, count: Self.blockBytes - short.count)
    var inner = ContentHasher()
    inner.update(block.map { $0 ^ 0x36 })
    var outer = ContentHasher()
    outer.update(block.map { $0 ^ 0x5c })
    (self.inner, self.outer) = (inner, outer)
  }

  /// The code of a text: 64 lowercase hexadecimal characters.
  package func code(of text: String) -> String {
    var inner = inner
    inner.update(Array(text.utf8))
    var outer = outer
    outer.update(Self.bytes(of: inner.digest()))
    return outer.digest().hex
  }

  /// Whether `code` is the code of `text`; compared in constant time.
  package func accepts(_ code: String, of text: String) -> Bool {
    ConstantTime.equal(Array(code.utf8), Array(self.code(of: text).utf8))
  }

  private static func bytes(of digest: Digest) -> [UInt8] { Hexadecimal.decode(digest.hex) ?? [] }
}
