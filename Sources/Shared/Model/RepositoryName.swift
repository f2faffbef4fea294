/// The name of a repository: path components of lowercase alphanumerics joined by single separators, 255 bytes at most.
///
/// Grammar: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`
package struct RepositoryName: Sendable, Hashable, CustomStringConvertible {
  /// The longest name accepted, in bytes.
  package static let maximumLengthBytes = 255

  package let description: String

  /// Parses a whole name; the grammar is anchored at both ends and ASCII only.
  package init(parsing text: some StringProtocol) throws(ModelError) {
    let bytes = text.utf8
    guard !bytes.isEmpty, bytes.count <= Self.maximumLengthBytes else { throw .invalidRepositoryName(.init(text)) }
    for component in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard Self.isComponent(component) else { throw .invalidRepositoryName(.init(text)) }
    }
    description = String(text)
  }

  /// The first component where there are several, else the whole name: what permissions and replication are set on.
  package var namespace: String {
    guard let slash = description.utf8.firstIndex(of: UInt8(ascii: "/")) else { return description }
    return String(description[..<slash])
  }

  private static func isComponent(_ bytes: some Sequence<UInt8>) -> Bool {
    var separator: [UInt8] = []
    var endsInAlphanumeric = false
    for byte in bytes {
      if byte.isLowercaseAlphanumeric {
        if !separator.isEmpty {
          guard isSeparator(separator) else { return false }
          separator.removeAll(keepingCapacity: true)
        }
        endsInAlphanumeric = true
      } else {
        // A separator must follow an alphanumeric; what is collected is judged when the next alphanumeric comes.
        guard endsInAlphanumeric || !separator.isEmpty else { return false }
        separator.append(byte)
        endsInAlphanumeric = false
      }
    }
    return endsInAlphanumeric
  }

  private static func isSeparator(_ bytes: [UInt8]) -> Bool {
    switch bytes {
    case [UInt8(ascii: ".")], [UInt8(ascii: "_")], [UInt8(ascii: "_"), UInt8(ascii: "_")]: true
    default: bytes.allSatisfy { $0 == UInt8(ascii: "-") }
    }
  }
}
