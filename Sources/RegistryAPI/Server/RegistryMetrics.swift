import HTTPTypes
import Shared
import Synchronization

/// The figures the API reports; label sets are fixed, whatever clients send (security rule 31).
final class RegistryMetrics: Sendable {
  private struct Series: Hashable {
    let kind: RouteKind
    let statusClass: Int
  }

  private let registry: MetricsRegistry
  private let requests: [Series: Counter]
  private let durations: [RouteKind: Histogram]
  private let inFlight: Gauge
  private let sent: Counter
  private let pushed: Counter
  private let dropped: Counter
  private let urgentAsked: Counter
  private let urgentDropped: Counter
  private let failedOver: Counter
  private let resumed: Counter
  private let wrongBytes: Counter
  private let quarantined: Counter

  /// Makes all series at once, so that counting takes no lock on the registry.
  init(registry: MetricsRegistry = .shared) {
    self.registry = registry
    var requests: [Series: Counter] = [:]
    var durations: [RouteKind: Histogram] = [:]
    for kind in RouteKind.allCases {
      for statusClass in 1...5 {
        requests[Series(kind: kind, statusClass: statusClass)] = registry.counter(
          "meridian_api_requests_total", help: "Requests answered.",
          labels: ["route": kind.rawValue, "status": "\(statusClass)xx"])
      }
      durations[kind] = registry.histogram(
        "meridian_api_request_seconds", help: "From the head of a request to the end of its answer.",
        labels: ["route": kind.rawValue])
    }
    self.requests = requests
    self.durations = durations
    inFlight = registry.gauge("meridian_api_requests_in_flight", help: "Requests being answered.")
    sent = registry.counter("meridian_api_sent_bytes_total", help: "Body bytes sent to clients.")
    pushed = registry.counter("meridian_api_pushed_bytes_total", help: "Bytes of blobs committed.")
    dropped = registry.counter(
      "meridian_api_announcements_dropped_total", help: "Jobs not announced to the queue; the reconciler finds them.")
    urgentAsked = registry.counter(
      "meridian_api_urgent_copies_total",
      help: "Copies moved to the urgent lane because a pull here was served from another location.")
    urgentDropped = registry.counter(
      "meridian_api_urgent_copies_dropped_total", help: "Pulls whose blob was not moved to the urgent lane.")
    failedOver = registry.counter(
      "meridian_api_copies_failed_total", help: "Copies of blobs that failed while they were read for a client.")
    resumed = registry.counter(
      "meridian_api_bodies_resumed_total", help: "Bodies that went on from another copy in the middle.")
    wrongBytes = registry.counter(
      "meridian_api_wrong_bytes_total",
      help: "Blobs read for a client whose bytes were wrong; none was sent to its end.")
    quarantined = registry.counter(
      "meridian_api_copies_quarantined_total", help: "Copies found missing or wrong by a pull and put aside.")
  }

  /// Notes that a request is being answered.
  func requestStarted() { inFlight.add(1) }

  /// Notes that a request is not being answered any more.
  func requestEnded() { inFlight.add(-1) }

  /// Counts an answered request.
  func answered(_ kind: RouteKind, status: HTTPResponse.Status, sentBytes: Int64, duration: Duration) {
    requests[Series(kind: kind, statusClass: status.code / 100)]?.increment()
    durations[kind]?.observe(duration)
    if sentBytes > 0 { sent.increment(by: Double(sentBytes)) }
  }

  /// Counts a committed blob.
  func uploaded(bytes: Int64) { pushed.increment(by: Double(bytes)) }

  /// Counts jobs that were not announced.
  func announcementsDropped(_ count: Int) { dropped.increment(by: Double(count)) }

  /// Counts jobs moved to the urgent lane.
  func urgentCopiesAsked(_ count: Int) { urgentAsked.increment(by: Double(count)) }

  /// Counts blobs that should have been moved to the urgent lane and were not.
  func urgentCopiesDropped(_ count: Int) { urgentDropped.increment(by: Double(count)) }

  /// Counts a copy that failed.
  func readFailedOver() { failedOver.increment() }

  /// Counts a body that went on from another copy.
  func readResumed() { resumed.increment() }

  /// Counts a blob whose bytes were wrong.
  func wrongBytesRead() { wrongBytes.increment() }

  /// Notes whether a store is used where there is a choice.
  func storeIsUsable(_ location: LocationID, for use: StoreKnowledge.Use, _ isUsable: Bool) {
    registry.gauge(
      "meridian_api_store_usable", help: "Whether a store is used where there is a choice: 1, or 0 while it fails.",
      labels: ["location": location.description, "use": use == .reading ? "reading" : "writing"]
    ).set(isUsable ? 1 : 0)
  }

  /// Counts a copy put aside.
  func copyQuarantined() { quarantined.increment() }

  /// All figures of the process in Prometheus' text format.
  func text() -> String { registry.prometheusText() }
}
