/// Where a replication job stands; `JobStateMachine` says what may follow what.
package enum JobState: String, Sendable, Hashable, CaseIterable {
  /// Waiting for a worker, at once or from a time on. Can become `leased`, or `done` when a push brings the blob.
  case queued
  /// A worker holds it until its lease ends. Can become any other state, and `leased` again once the lease has expired.
  case leased
  /// The placement exists. Can become `queued` when the placement is lost.
  case done
  /// Set aside after too many failures, for a person to look at. Can become `queued` by a new push or by command.
  case parked
  /// No placement is left to copy from. Can become `queued` or `done` by a new push.
  case sourceLost = "source_lost"

  /// Whether the job still asks for work by itself.
  package var isOpen: Bool {
    switch self {
    case .queued, .leased: true
    case .done, .parked, .sourceLost: false
    }
  }
}
