/// The rules of a job's life, pure; the catalog's statements uphold the same rules by their WHERE clauses.
///
/// ```
///            claimed                       completed
///   queued ───────────▶ leased ───────────────────────────▶ done
///     ▲ ▲  ◀───────────  │ ▲│                                │
///     │ │ failed/released│ └┘ claimed, once expired          │ reopened
///     │ │                ├──────▶ parked ──────┐             │   (parked also when a lease expires once too often)
///     │ │                └──────▶ source_lost ─┤ reopened    │
///     │ └──────────────────────────────────────┘             │
///     └───────────────────────────────────────────────────────┘
/// ```
package enum JobStateMachine {
  /// How often a job is taken over from workers that went silent, without progress between, before it is parked: what
  /// took that many workers with it would take the next one too.
  package static let maximumRescues = 5

  /// Something that happens to a job.
  package enum Event: Sendable, Hashable {
    /// A worker asks for the job; `leaseExpired` says whether an earlier lease has run out by the database's clock,
    /// `rescues` how often the job was taken over in that way without having come forward since.
    case claimed(isDue: Bool, leaseExpired: Bool, rescues: Int = 0)
    /// The worker reports a verified copy.
    case completed(holdsLease: Bool)
    /// The worker reports a failure.
    case failed(FailureVerdict, holdsLease: Bool)
    /// The worker gives the job back unharmed, on SIGTERM.
    case released(holdsLease: Bool)
    /// A push or a lost placement asks for the copy (again).
    case reopened
    /// A push wrote the blob to the target itself.
    case placedByPush
  }

  /// The state after `event`, or nil where the event must change nothing (I9).
  package static func next(_ state: JobState, on event: Event) -> JobState? {
    switch (state, event) {
    case (.queued, .claimed(isDue: true, _, _)):
      .leased
    case (.leased, .claimed(_, leaseExpired: true, let rescues)):
      rescues < maximumRescues ? .leased : .parked
    case (.leased, .completed(holdsLease: true)):
      .done
    case (.leased, .failed(let verdict, holdsLease: true)):
      switch verdict {
      case .retry: .queued
      case .park: .parked
      case .sourceLost: .sourceLost
      }
    case (.leased, .released(holdsLease: true)), (.done, .reopened), (.parked, .reopened), (.sourceLost, .reopened),
      (.queued, .reopened):
      .queued
    case (.queued, .placedByPush), (.parked, .placedByPush), (.sourceLost, .placedByPush):
      .done
    default:
      nil
    }
  }
}
