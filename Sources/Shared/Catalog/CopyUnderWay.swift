package import SharedModel
package import SharedQueue

/// A copy that a worker is making at this moment.
package struct CopyUnderWay: Sendable, Hashable {
  package let job: JobID
  package let digest: Digest
  package let sizeBytes: Int64
  package let target: LocationID
  package let lane: Lane
  /// Failures before this attempt.
  package let attempts: Int
  /// How long ago the copy was asked for.
  package let ageMs: Int64
  package let worker: String
  /// How much of it is at the target for good; nil where it is not copied in parts.
  package let doneBytes: Int64?

  /// Describes a copy.
  package init(
    job: JobID, digest: Digest, sizeBytes: Int64, target: LocationID, lane: Lane, attempts: Int, ageMs: Int64,
    worker: String, doneBytes: Int64?
  ) {
    self.job = job
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.target = target
    self.lane = lane
    self.attempts = attempts
    self.ageMs = ageMs
    self.worker = worker
    self.doneBytes = doneBytes
  }
}

/// The number of copies under way to a location, and their bytes.
package struct CopiesUnderWay: Sendable, Hashable {
  package let target: LocationID
  package let copies: Int64
  package let sizeBytes: Int64

  /// States figures.
  package init(target: LocationID, copies: Int64, sizeBytes: Int64) {
    self.target = target
    self.copies = copies
    self.sizeBytes = sizeBytes
  }
}
