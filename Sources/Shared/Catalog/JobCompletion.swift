package import SharedModel
package import SharedQueue

/// A worker's report that a verified copy is in place.
package struct JobCompletion: Sendable, Hashable {
  package let job: ReplicationJob
  /// The key of the copy; `job.placementAtTarget?.key` where nothing had to be copied.
  package let key: ObjectKey
  package let bytesRead: Int64
  package let durationMs: Int64
  package let source: LocationID

  /// Describes a copy.
  package init(job: ReplicationJob, key: ObjectKey, bytesRead: Int64, durationMs: Int64, source: LocationID) {
    self.job = job
    self.key = key
    self.bytesRead = bytesRead
    self.durationMs = durationMs
    self.source = source
  }
}

extension JobCompletion {
  /// Whether nothing was copied, because there was a placement when the job was claimed.
  package var isStanding: Bool { job.placementAtTarget?.key == key }
}

/// What a reported copy has become.
package enum CompletionOutcome: Sendable, Hashable {
  /// The copy is the placement, now or since an earlier report of the same.
  case placed
  /// A verified placement was there already, at this key: the worker's own object is surplus and on record for
  /// deletion.
  case alreadyPlaced(existing: ObjectKey)
  /// The lease belongs to somebody else, or the job is gone: the worker's own object is surplus and on record for
  /// deletion.
  case leaseLost
}
