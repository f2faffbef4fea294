/// A tag: a word character, then at most 127 word characters, dots or dashes.
///
/// Grammar: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
package struct TagName: Sendable, Hashable, CustomStringConvertible {
  /// The longest tag accepted, in bytes.
  package static let maximumLengthBytes = 128

  package let description: String

  /// Parses a whole tag; the grammar is anchored at both ends and ASCII only.
  package init(parsing text: some StringProtocol) throws(ModelError) {
    let bytes = text.utf8
    guard let first = bytes.first, first.isWord, bytes.count <= Self.maximumLengthBytes,
      bytes.allSatisfy({ $0.isWord || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") })
    else { throw .invalidTag(.init(text)) }
    description = String(text)
  }
}
