package import SharedQueue

/// What one step of garbage collection came to.
package struct CollectionPage<Position: Sendable & Hashable>: Sendable, Hashable {
  /// The rows looked at.
  package let scanned: Int
  /// The rows removed; in a rehearsal those that would be.
  package let collected: Int
  /// The bytes of removed blobs, each counted once whatever the number of its copies.
  package let bytes: Int64
  /// The objects put on record for deletion.
  package let objects: Int
  /// Where to go on; nil where this was the last page.
  package let next: Position?

  /// Describes a step.
  package init(scanned: Int, collected: Int, bytes: Int64 = 0, objects: Int = 0, next: Position?) {
    self.scanned = scanned
    self.collected = collected
    self.bytes = bytes
    self.objects = objects
    self.next = next
  }
}

/// A place in the walk over all links, between two of them.
package struct LinkPosition: Sendable, Hashable {
  package let repository: RepositoryID
  package let blob: BlobID

  /// Names the last link looked at.
  package init(repository: RepositoryID, blob: BlobID) {
    self.repository = repository
    self.blob = blob
  }

  /// Before the first.
  package static let start = LinkPosition(repository: RepositoryID(rawValue: 0), blob: BlobID(rawValue: 0))
}

/// Awaited while the rows of a step are locked and not yet looked at again: where a test lets others run in between.
package typealias CollectionInterleaving = @Sendable () async -> Void
