/// The content address of a blob or manifest: an algorithm and the lowercase hexadecimal hash of exactly its length.
///
/// A value of this type is always well formed, so it may be used to build object keys, headers and SQL parameters.
/// Grammar: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
package struct Digest: Sendable, Hashable {
  package let algorithm: DigestAlgorithm
  /// The encoded part: lowercase hexadecimal, `algorithm.hexLength` characters.
  package let hex: String

  /// Parses `sha256:<64 hex>` or `sha512:<128 hex>`; anything else throws, including upper case and other algorithms.
  package init(parsing text: some StringProtocol) throws(ModelError) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .invalidDigest(.init(text)) }
    guard let algorithm = DigestAlgorithm(rawValue: String(text[..<colon])) else { throw .invalidDigest(.init(text)) }
    let hex = text[text.utf8.index(after: colon)...]
    guard hex.utf8.count == algorithm.hexLength, hex.utf8.allSatisfy(\.isLowercaseHexadecimal) else {
      throw .invalidDigest(.init(text))
    }
    self.algorithm = algorithm
    self.hex = String(hex)
  }

  /// Makes the digest of a finished hash; `bytes` must be as long as the algorithm's output.
  package init?(algorithm: DigestAlgorithm, bytes: [UInt8]) {
    guard bytes.count * 2 == algorithm.hexLength else { return nil }
    self.algorithm = algorithm
    self.hex = Hexadecimal.encode(bytes)
  }

  /// The digest of `bytes`, computed at once; for small content only.
  package init(of bytes: some Sequence<UInt8>, algorithm: DigestAlgorithm = .sha256) {
    var hasher = ContentHasher(algorithm: algorithm)
    hasher.update(Array(bytes))
    self = hasher.digest()
  }
}

extension Digest: CustomStringConvertible {
  /// The wire form, `algorithm:hex`.
  package var description: String { "\(algorithm.rawValue):\(hex)" }
}

extension Digest: Comparable {
  /// Orders digests bytewise by their wire form; row locks are taken in this order.
  package static func < (left: Digest, right: Digest) -> Bool {
    (left.algorithm.rawValue, left.hex) < (right.algorithm.rawValue, right.hex)
  }
}

extension Digest: Codable {
  /// Decodes the wire form.
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  /// Encodes the wire form.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
