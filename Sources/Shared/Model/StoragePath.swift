/// Quay's `storage_path`: the folder inside a bucket that all keys of a location live under; may be empty.
package struct StoragePath: Sendable, Hashable {
  /// Empty, or the path without a leading slash and with one trailing slash.
  package let prefix: String

  /// Normalises `/registry/`, `registry` and `/registry` to the same prefix; refuses `..`, control and non-ASCII bytes.
  package init?(_ text: some StringProtocol) {
    let components = text.split(separator: "/")
    guard text.utf8.count <= 512, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
      components.allSatisfy({ $0 != "." && $0 != ".." })
    else { return nil }
    prefix = components.map { $0 + "/" }.joined()
  }
}
