package import SharedModel
package import SharedQueue

/// A blob that would be lost with a location.
package struct LastCopy: Sendable, Hashable {
  package let digest: Digest
  package let sizeBytes: Int64
}

/// How much would be lost with a location.
package struct LastCopyTally: Sendable, Hashable {
  /// Linked blobs whose only good copy is there.
  package var blobs: Int64 = 0
  package var bytes: Int64 = 0
  /// Those of them with a job that copies them elsewhere, waiting or at work.
  package var inFlight: Int64 = 0
  /// Blobs there and nowhere else that no repository links: nobody can ask for them, and collection removes them.
  package var garbage: Int64 = 0

  /// Nothing, by default.
  package init(blobs: Int64 = 0, bytes: Int64 = 0, inFlight: Int64 = 0, garbage: Int64 = 0) {
    self.blobs = blobs
    self.bytes = bytes
    self.inFlight = inFlight
    self.garbage = garbage
  }

  /// Takes in the counts of another part of the blobs.
  package mutating func add(_ other: LastCopyTally) {
    blobs += other.blobs
    bytes &+= other.bytes
    inFlight += other.inFlight
    garbage += other.garbage
  }
}

/// What one step over the blobs has found of a location's last copies.
package struct LastCopyStep: Sendable, Hashable {
  /// The blobs looked at.
  package let scanned: Int
  /// Where the next step begins; nil where there are no more blobs.
  package let next: BlobID?
  package let tally: LastCopyTally
  /// Some of the jobs opened, enough to wake the workers.
  package let announcements: [JobAnnouncement]
  package let listed: [LastCopy]
}
