package import SharedModel

/// The doorbell in front of the jobs table (D1): it tells waiting workers at once that there is something to claim.
///
/// Delivery is at least once and best effort: messages may come twice, out of order or not at all, and a message may
/// name a job that is long done. The claim in the database decides; the reconciler finds what was never announced.
/// Every adapter passes `ReplicationQueueContract` (Tests/TestSupport/Contracts).
package protocol ReplicationQueue: Sendable {
  /// Announces committed jobs; each stream keeps a bounded number of the newest messages.
  func announce(_ jobs: [JobAnnouncement]) async throws(QueueError)

  /// Waits up to `wait` for messages of these targets and returns up to `limit` of them, the earlier lanes first.
  ///
  /// Returns at once whatever is there; an empty result means that `wait` has passed. A message that cannot be read
  /// is moved to the dead letters and never delivered. One task at a time may receive. Cancellation ends the wait
  /// with `cancelled`; what was handed out at that moment comes back through `recoverAbandoned`.
  func receive(
    targets: [LocationID], consumer: String, limit: Int, wait: Duration
  ) async throws(QueueError) -> [QueueDelivery]

  /// Takes the messages out of the queue for good; an unknown one is success.
  func acknowledge(_ deliveries: [QueueDelivery]) async throws(QueueError)

  /// Takes over messages that any consumer received at least `minimumIdle` ago and has not acknowledged.
  func recoverAbandoned(
    targets: [LocationID], consumer: String, minimumIdle: Duration, limit: Int
  ) async throws(QueueError) -> [QueueDelivery]

  /// The number of messages of these targets set aside because they could not be read; the oldest of many are dropped.
  func deadLetterCount(targets: [LocationID]) async throws(QueueError) -> Int

  /// Takes everything away that was ever announced for these targets, dead letters too: their locations were removed.
  func forget(targets: [LocationID]) async throws(QueueError)

  /// Confirms that the queue answers; for probes.
  func probe() async throws(QueueError)

  /// Ends waiting calls with `closed` and gives the connections up.
  func close() async
}
