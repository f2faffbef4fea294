package import SharedModel
package import SharedQueue

/// A job as operators see it, whatever its state.
package struct JobRecord: Sendable, Hashable {
  package let id: JobID
  package let digest: Digest
  package let sizeBytes: Int64
  package let target: LocationID
  package let lane: Lane
  package let state: JobState
  /// Failures that were reported.
  package let attempts: Int
  /// Times it was taken over from a worker that went silent.
  package let rescues: Int
  /// When it was asked for, in milliseconds since the epoch by the database's clock, as all times here.
  package let createdAtMs: Int64
  /// When it is due.
  package let notBeforeMs: Int64
  /// Who holds it; nil while nobody does.
  package let worker: String?
  /// Why the last attempt failed; nil before the first failure and after success.
  package let lastError: String?
  /// When the copy was recorded; nil while it is not.
  package let doneAtMs: Int64?
  /// Where the bytes came from; nil before they came, and where a push brought them.
  package let source: LocationID?

  /// Describes a job.
  package init(
    id: JobID, digest: Digest, sizeBytes: Int64, target: LocationID, lane: Lane, state: JobState, attempts: Int,
    rescues: Int, createdAtMs: Int64, notBeforeMs: Int64, worker: String?, lastError: String?, doneAtMs: Int64?,
    source: LocationID?
  ) {
    self.id = id
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.target = target
    self.lane = lane
    self.state = state
    self.attempts = attempts
    self.rescues = rescues
    self.createdAtMs = createdAtMs
    self.notBeforeMs = notBeforeMs
    self.worker = worker
    self.lastError = lastError
    self.doneAtMs = doneAtMs
    self.source = source
  }
}

/// Which jobs a list is of.
package enum JobFilter: String, Sendable, Hashable, CaseIterable {
  /// Every job that is not done.
  case unfinished
  /// Queued or leased after at least one failure, parked, or without a source.
  case failing
  case queued
  case leased
  case done
  case parked
  case sourceLost = "source_lost"

  /// A condition on a job `j`.
  var condition: String {
    switch self {
    case .unfinished: "j.state <> 'done'"
    case .failing: "(j.state IN ('parked', 'source_lost') OR (j.state IN ('queued', 'leased') AND j.attempts > 0))"
    case .queued, .leased, .done, .parked, .sourceLost: "j.state = '\(rawValue)'"
    }
  }
}
