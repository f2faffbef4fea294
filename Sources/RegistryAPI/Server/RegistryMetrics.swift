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

  /// All figures of the process in Prometheus' text format.
  func text() -> String { registry.prometheusText() }
}
