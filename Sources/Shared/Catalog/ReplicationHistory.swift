package import SharedModel

/// How replication stood over the last hours at every location.
package struct ReplicationHistory: Sendable, Hashable {
  /// The worst of one stretch of time at one location.
  package struct Point: Sendable, Hashable {
    package let location: LocationID
    /// When the stretch began, in milliseconds since the epoch by the database's clock.
    package let beganAtMs: Int64
    /// Copies queued or being made.
    package let pending: Int64
    package let pendingBytes: Int64
    /// The age of the oldest of them; 0 where there was none.
    package let lagSeconds: Int64

    /// States figures.
    package init(location: LocationID, beganAtMs: Int64, pending: Int64, pendingBytes: Int64, lagSeconds: Int64) {
      self.location = location
      self.beganAtMs = beganAtMs
      self.pending = pending
      self.pendingBytes = pendingBytes
      self.lagSeconds = lagSeconds
    }
  }

  /// The database's clock when it was read.
  package let nowMs: Int64
  /// The length of a stretch, in milliseconds.
  package let stretchMs: Int64
  /// Ordered by location and time; a stretch in which nobody looked has none.
  package let points: [Point]

  /// States a history.
  package init(nowMs: Int64, stretchMs: Int64, points: [Point]) {
    self.nowMs = nowMs
    self.stretchMs = stretchMs
    self.points = points
  }
}
