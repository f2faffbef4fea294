import Shared

/// What is counted of arrivals and events; labels are the configured locations and receivers only.
final class NotifyMetrics: Sendable {
  private let registry: MetricsRegistry
  private let receivers: Set<String>

  /// Makes the series of these receivers.
  init(registry: MetricsRegistry = .shared, receivers: [WebhookSettings]) {
    self.registry = registry
    self.receivers = Set(receivers.map(\.name))
    for receiver in self.receivers { for outcome in ["delivered", "failed", "given_up"] { add(0, receiver, outcome) } }
  }

  /// Counts images that have become readable, with how long it took.
  func arrived(_ images: [ImageReadable], at location: LocationID) {
    let lag = registry.histogram(WorkerMetric.workerImageReadableSeconds, ["location": location.description])
    for image in images { lag.observe(.milliseconds(image.lagMs)) }
  }

  /// Counts an event that was taken.
  func delivered(to receiver: String) { add(1, receiver, "delivered") }

  /// Counts an attempt that failed.
  func failed(to receiver: String) { add(1, receiver, "failed") }

  /// Counts an event that was given up; nil for a receiver that is not configured any more.
  func gaveUp(receiver: String?) { add(1, receiver ?? "unknown", "given_up") }

  private func add(_ count: Double, _ receiver: String, _ outcome: String) {
    registry.counter(WorkerMetric.workerEventsTotal, ["receiver": receiver, "outcome": outcome]).increment(by: count)
  }
}
