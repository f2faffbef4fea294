package import SharedConfig
package import SharedModel

/// What was given of the bandwidth to a location that all workers share.
package struct BandwidthLease: Sendable, Hashable {
  /// How many bytes may be sent; 0 where it is not worth while yet.
  package let grantedBytes: Int64
  /// When to ask again where nothing was granted.
  package let retryAfter: Duration
  /// How many workers have asked lately, this one included.
  package let workers: Int

  /// States a lease.
  package init(grantedBytes: Int64, retryAfter: Duration, workers: Int) {
    self.grantedBytes = grantedBytes
    self.retryAfter = retryAfter
    self.workers = workers
  }
}

/// Shares the bandwidth to a location out among all workers of all machines.
package protocol BandwidthLeases: Sendable {
  /// Asks for up to `wantedBytes` of what `rate` has brought in since it was last asked.
  func lease(
    _ wantedBytes: Int64, to location: LocationID, rate: TransferRate, worker: String
  ) async throws(QueueError) -> BandwidthLease
  /// Gives connections up.
  func close() async
}
