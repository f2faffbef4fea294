import Shared

/// The drains there are, with the instant of the database's clock they were read at, so that they end without it.
struct DrainList: Sendable, Codable, Equatable {
  let drains: [RegionDrain]
  /// Milliseconds since the epoch by the database's clock.
  let nowMs: Int64

  /// Those still in force `elapsedMs` later.
  func inForce(afterMs elapsedMs: Int64) -> [RegionDrain] {
    let (now, overflows) = nowMs.addingReportingOverflow(max(0, elapsedMs))
    return drains.filter { $0.isInForce(atMs: overflows ? Int64.max : now) }
  }
}
