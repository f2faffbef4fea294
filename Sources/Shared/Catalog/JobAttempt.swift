package import SharedModel
package import SharedQueue

/// What one attempt at a job came to; kept for as long as `Catalog.pruneAttempts` lets it.
package struct JobAttempt: Sendable, Hashable {
  /// How an attempt can end.
  package enum Outcome: String, Sendable, Hashable, CaseIterable {
    /// The copy became the placement.
    case placed
    /// There was a placement already.
    case alreadyPlaced = "already_placed"
    /// It failed and will be tried again.
    case failed
    /// It failed, or went down with its worker, once too often.
    case parked
    /// No intact source is left.
    case sourceLost = "source_lost"
    /// The worker went silent and somebody else took over.
    case rescued
  }

  package let job: JobID
  package let worker: String
  package let outcome: Outcome
  /// Where the bytes came from; nil where no source was reached.
  package let source: LocationID?
  /// Nil after success.
  package let error: String?
  package let bytesRead: Int64
  package let durationMs: Int64
  /// Milliseconds since the epoch by the database's clock.
  package let endedAtMs: Int64

  /// Describes an attempt.
  package init(
    job: JobID, worker: String, outcome: Outcome, source: LocationID?, error: String?, bytesRead: Int64,
    durationMs: Int64, endedAtMs: Int64
  ) {
    self.job = job
    self.worker = worker
    self.outcome = outcome
    self.source = source
    self.error = error
    self.bytesRead = bytesRead
    self.durationMs = durationMs
    self.endedAtMs = endedAtMs
  }
}
