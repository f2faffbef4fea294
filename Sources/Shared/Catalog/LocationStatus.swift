package import SharedModel

/// How far replication has come at one location (G12).
package struct LocationStatus: Sendable, Hashable {
  package let location: LocationID
  package let state: LocationState
  /// Verified copies.
  package let placements: Int64
  package let pendingJobs: Int64
  package let pendingBytes: Int64
  /// The age of the oldest job not done; nil where there is none.
  package let oldestPendingSeconds: Int64?
  /// Pending jobs that have failed at least once.
  package let failing: Int64
  package let parked: Int64
  package let sourceLost: Int64

  /// States figures.
  package init(
    location: LocationID, state: LocationState, placements: Int64, pendingJobs: Int64, pendingBytes: Int64,
    oldestPendingSeconds: Int64?, failing: Int64, parked: Int64, sourceLost: Int64
  ) {
    self.location = location
    self.state = state
    self.placements = placements
    self.pendingJobs = pendingJobs
    self.pendingBytes = pendingBytes
    self.oldestPendingSeconds = oldestPendingSeconds
    self.failing = failing
    self.parked = parked
    self.sourceLost = sourceLost
  }
}
