/// The database's number of a blob; it never leaves the deployment and is never used again after the blob is gone.
package struct BlobID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let rawValue: Int64

  /// Takes the number of a row.
  package init(rawValue: Int64) { self.rawValue = rawValue }

  package var description: String { String(rawValue) }

  package static func < (left: BlobID, right: BlobID) -> Bool { left.rawValue < right.rawValue }
}
