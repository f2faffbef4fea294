import Shared

/// What collection and deletion count; labels are locations and kinds only, so their number is bounded.
struct CollectionMetrics: Sendable {
  let registry: MetricsRegistry

  /// Counts what one step of collection removed.
  func collected(_ kind: String, rows: Int, bytes: Int64 = 0) {
    guard rows > 0 else { return }
    registry.counter(
      "meridian_collected_rows_total", help: "Links, blobs and manifests removed by garbage collection.",
      labels: ["kind": kind]
    ).increment(by: Double(rows))
    registry.counter(
      "meridian_collected_bytes_total", help: "Bytes of blobs removed by garbage collection, one copy counted each."
    ).increment(by: Double(bytes))
  }

  /// Notes that a whole round has ended.
  func roundEnded(seconds: Double) {
    registry.counter("meridian_collection_rounds_total", help: "Whole rounds of garbage collection.").increment()
    registry.gauge("meridian_collection_round_seconds", help: "How long the last whole round took.").set(seconds)
  }

  /// Counts deleted objects, and tries that failed.
  func deleted(_ count: Int, failed: Int, at location: LocationID) {
    let labels = ["location": location.description]
    registry.counter("meridian_deleted_objects_total", help: "Objects deleted, by location.", labels: labels)
      .increment(by: Double(count))
    registry.counter(
      "meridian_deletion_failures_total", help: "Tries to delete an object that failed, by location.", labels: labels
    ).increment(by: Double(failed))
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
    registry.gauge("meridian_deletions_waiting", help: "Objects on record for deletion, by location.", labels: labels)
      .set(Double(waiting))
    registry.gauge(
      "meridian_deletions_failing", help: "Objects whose deletion was tried and failed, by location.", labels: labels
    ).set(Double(failing))
    registry.gauge(
      "meridian_deletions_oldest_seconds", help: "Age of the oldest record of an object to be deleted.", labels: labels
    ).set(oldestSeconds)
  }
}
