/// How soon a job is wanted; a worker empties the earlier lane before it takes from the next (G14).
package enum Lane: String, Sendable, Hashable, CaseIterable, Comparable {
  /// Somebody is waiting for the blob in the target's region, or a placement was lost.
  case urgent
  /// A new push.
  case normal
  /// Everything that was missing already.
  case backfill

  /// The place in the order of service, from 0; the database stores this number so that an index can sort by it.
  package var rank: Int64 {
    switch self {
    case .urgent: 0
    case .normal: 1
    case .backfill: 2
    }
  }

  /// The lane of a stored rank; nil for a number no lane has.
  package init?(rank: Int64) {
    guard let lane = Self.allCases.first(where: { $0.rank == rank }) else { return nil }
    self = lane
  }

  package static func < (left: Lane, right: Lane) -> Bool { left.rank < right.rank }
}
