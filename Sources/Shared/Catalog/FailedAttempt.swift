package import SharedModel
package import SharedQueue

/// An attempt at a copy that came to nothing, with what has become of the job since.
package struct FailedAttempt: Sendable, Hashable {
  package let job: JobID
  package let digest: Digest
  package let sizeBytes: Int64
  package let target: LocationID
  /// The job's state now.
  package let state: JobState
  package let outcome: JobAttempt.Outcome
  /// Where the bytes came from; nil where no source was reached.
  package let source: LocationID?
  package let error: String?
  package let worker: String
  /// How long ago it ended.
  package let ageMs: Int64

  /// Describes an attempt.
  package init(
    job: JobID, digest: Digest, sizeBytes: Int64, target: LocationID, state: JobState, outcome: JobAttempt.Outcome,
    source: LocationID?, error: String?, worker: String, ageMs: Int64
  ) {
    self.job = job
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.target = target
    self.state = state
    self.outcome = outcome
    self.source = source
    self.error = error
    self.worker = worker
    self.ageMs = ageMs
  }
}
