import Shared
import Synchronization

/// The figures of a health service; every label set is fixed or configured, and counting never waits.
final class HealthMetrics: Sendable {
  /// The first word of an agent check's answer.
  enum AgentAnswer: String, CaseIterable {
    case up, drain, down
    /// The question could not be understood, or there were too many connections.
    case refused
  }

  /// What a request asked for.
  enum RequestKind: String, CaseIterable {
    case live, quay, region, regions, metrics, page, other
  }

  private struct Counted: Hashable {
    let kind: RequestKind
    let statusClass: Int
  }

  private let registry: MetricsRegistry
  private let requests: [Counted: Counter]
  private let agentChecks: [AgentAnswer: Counter]
  private let agentConnections: Gauge
  private let pageListeners: Gauge

  /// Declares all metrics, and makes the series whose labels are known.
  init(registry: MetricsRegistry = .shared) {
    self.registry = registry
    HealthMetric.declareAll(in: registry)
    var requests: [Counted: Counter] = [:]
    for kind in RequestKind.allCases {
      for statusClass in 2...5 {
        requests[Counted(kind: kind, statusClass: statusClass)] = registry.counter(
          HealthMetric.requests, ["route": kind.rawValue, "status": "\(statusClass)xx"])
      }
    }
    self.requests = requests
    agentChecks = Dictionary(
      uniqueKeysWithValues: AgentAnswer.allCases.map {
        ($0, registry.counter(HealthMetric.agentChecks, ["answer": $0.rawValue]))
      })
    agentConnections = registry.gauge(HealthMetric.agentConnections)
    pageListeners = registry.gauge(HealthMetric.pageListeners)
  }

  /// Counts an answered request; `path` is the request's, `status` the answer's code.
  func answered(path: String, status: Int) {
    requests[Counted(kind: RequestKind(path: path), statusClass: min(max(status / 100, 2), 5))]?.increment()
  }

  /// Counts an agent check.
  func agentAnswered(_ answer: AgentAnswer) { agentChecks[answer]?.increment() }

  /// Notes that a connection of an agent check was opened (1) or closed (-1).
  func agentConnections(_ change: Int) { agentConnections.add(Double(change)) }

  /// Notes that a browser began (1) or ended (-1) to listen for updates of the page.
  func pageListeners(_ change: Int) { pageListeners.add(Double(change)) }

  /// Counts the end of a probe.
  func probed(_ component: String, succeeded: Bool, duration: Duration) {
    // Both from 0 on, so that the first failure shows as an increase.
    for outcome in ["pass", "fail"] {
      let counter = registry.counter(HealthMetric.probes, ["component": component, "outcome": outcome])
      if (outcome == "pass") == succeeded { counter.increment() }
    }
    registry.histogram(HealthMetric.probeSeconds, ["component": component]).observe(duration)
  }

  /// All figures of the process in Prometheus' text format.
  func text() -> String { registry.prometheusText() }
}

extension HealthMetrics.RequestKind {
  /// What a path asks for, one of a fixed set whatever clients send.
  fileprivate init(path: String) {
    switch path {
    case "/livez", "/readyz": self = .live
    case "/health", "/health/instance", "/health/endtoend", "/health/warning", "/health/dbrevision", "/status":
      self = .quay
    case "/health/regions": self = .regions
    case "/metrics": self = .metrics
    case "/": self = .page
    case _ where path.hasPrefix("/health/region/"): self = .region
    case _ where path.hasPrefix("/page/"): self = .page
    default: self = .other
    }
  }
}
