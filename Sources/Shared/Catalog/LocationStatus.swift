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
}
