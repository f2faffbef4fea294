package import SharedModel

/// The drains there are, with the instant of the database's clock they were read at, so that they end without it.
package struct DrainList: Sendable, Codable, Hashable {
  package let drains: [RegionDrain]
  /// Milliseconds since the epoch by the database's clock.
  package let nowMs: Int64

  /// Makes a list.
  package init(drains: [RegionDrain], nowMs: Int64) {
    self.drains = drains
    self.nowMs = nowMs
  }

  /// Those still in force `elapsedMs` later.
  package func inForce(afterMs elapsedMs: Int64) -> [RegionDrain] {
    let (now, overflows) = nowMs.addingReportingOverflow(max(0, elapsedMs))
    return drains.filter { $0.isInForce(atMs: overflows ? Int64.max : now) }
  }
}
