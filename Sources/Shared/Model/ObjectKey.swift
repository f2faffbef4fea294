/// The key of an object in a location's bucket, relative to nothing: it begins with the location's storage path.
///
/// Keys are minted here or read from the database; nothing a client sends ever reaches one (security rule 23). A key is
/// never used twice for different bytes (decision D2).
package struct ObjectKey: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// Takes a key from a trusted row, refusing what no store or file system should be asked for.
  ///
  /// 1 to 1,024 printable ASCII bytes, no empty, `.` or `..` component and no leading slash.
  package init(parsing text: some StringProtocol) throws(ModelError) {
    let bytes = text.utf8
    guard (1...1024).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw .invalidObjectKey(.init(text))
    }
    for component in text.split(separator: "/", omittingEmptySubsequences: false)
    where component.isEmpty || component == "." || component == ".." {
      throw .invalidObjectKey(.init(text))
    }
    description = String(text)
  }

  /// A fresh key for a blob's bytes under a location's storage path: `<path>/blobs/<2 hex>/<32 hex>`.
  ///
  /// `identifier` must be fresh random bytes; its first byte spreads keys over 256 prefixes.
  package static func blob(storagePath: StoragePath, identifier: RandomIdentifier) -> ObjectKey {
    ObjectKey(unchecked: "\(storagePath.prefix)blobs/\(identifier.hex.prefix(2))/\(identifier.hex)")
  }

  /// The key the health service writes its canary under.
  package static func canary(storagePath: StoragePath, name: RandomIdentifier) -> ObjectKey {
    ObjectKey(unchecked: "\(storagePath.prefix)canary/\(name.hex)")
  }

  private init(unchecked text: String) { description = text }
}
