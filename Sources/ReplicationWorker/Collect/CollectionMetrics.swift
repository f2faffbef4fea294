import Shared

/// What collection and deletion count; labels are locations and kinds only, so their number is bounded.
struct CollectionMetrics: Sendable {
  let registry: MetricsRegistry

  /// Counts what one step of collection removed.
  func collected(_ kind: String, rows: Int, bytes: Int64 = 0) {
    guard rows > 0 else { return }
    registry.counter(WorkerMetric.collectedRowsTotal, ["kind": kind]).increment(by: Double(rows))
    registry.counter(WorkerMetric.collectedBytesTotal).increment(by: Double(bytes))
  }

  /// Notes that a whole round has ended.
  func roundEnded(seconds: Double) {
    registry.counter(WorkerMetric.collectionRoundsTotal).increment()
    registry.gauge(WorkerMetric.collectionRoundSeconds).set(seconds)
  }

  /// Counts deleted objects, and tries that failed.
  func deleted(_ count: Int, failed: Int, at location: LocationID) {
    let labels = ["location": location.description]
    registry.counter(WorkerMetric.deletedObjectsTotal, labels)
      .increment(by: Double(count))
    registry.counter(WorkerMetric.deletionFailuresTotal, labels).increment(by: Double(failed))
  }

  /// States what waits to be deleted.
  func report(_ backlog: DeletionBacklog) {
    report(
      at: backlog.location, waiting: backlog.waiting, failing: backlog.failing,
      oldestSeconds: Double(backlog.oldestAgeMs) / 1000)
  }

  /// States that nothing waits.
  func reportNoBacklog(at location: LocationID) { report(at: location, waiting: 0, failing: 0, oldestSeconds: 0) }

  private func report(at location: LocationID, waiting: Int, failing: Int, oldestSeconds: Double) {
    let labels = ["location": location.description]
    registry.gauge(WorkerMetric.deletionsWaiting, labels)
      .set(Double(waiting))
    registry.gauge(WorkerMetric.deletionsFailing, labels).set(Double(failing))
    registry.gauge(WorkerMetric.deletionsOldestSeconds, labels).set(oldestSeconds)
  }
}
