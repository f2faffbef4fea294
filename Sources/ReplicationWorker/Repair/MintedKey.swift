import Shared

/// Tells the names this registry gives to objects from everything else that may lie in a bucket.
///
/// Only what is surely ours may ever be deleted as an orphan: a bucket shared with Quay holds Quay's objects under the
/// same path.
enum MintedKey {
  /// The key, where `name` is one that `ObjectKey.blob` or `ObjectKey.canary` makes under this path; else nil.
  static func parse(_ name: String, under path: StoragePath) -> ObjectKey? {
    guard name.hasPrefix(path.prefix) else { return nil }
    let parts = name.dropFirst(path.prefix.count).split(separator: "/", omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("blobs", 3):
      guard isIdentifier(parts[2]), parts[1] == parts[2].prefix(2) else { return nil }
    case ("canary", 2):
      guard isIdentifier(parts[1]) else { return nil }
    default: return nil
    }
    // What has this form is always a key: the parser only says so in its own way.
    return try? ObjectKey(parsing: name)
  }

  private static func isIdentifier(_ text: Substring) -> Bool {
    text.utf8.count == 32
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}
