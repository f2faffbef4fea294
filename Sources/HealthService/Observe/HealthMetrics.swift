import Shared
import Synchronization

/// The figures of a health service; every label set is fixed or configured, and counting never waits.
final class HealthMetrics: Sendable {
  /// The metrics of the process.
  static let shared = HealthMetrics()

  /// The first word of an agent check's answer.
  enum AgentAnswer: String, CaseIterable {
    case up, drain, down
    /// The question could not be understood, or there were too many connections.
    case refused
  }

  /// What a request asked for.
  enum RequestKind: String, CaseIterable {
    case live, quay, region, regions, metrics, page
    /// A browser that shows the page asks for what is new.
    case pageUpdate = "page_update"
    case other
  }

  private struct Counted: Hashable {
    let kind: RequestKind
    let statusClass: Int
  }

  let registry: MetricsRegistry
  /// Called before the metrics are written out.
  private let refresh = Mutex<@Sendable () -> Void>({})
  private let requests: [Counted: Counter]
  private let agentChecks: [AgentAnswer: Counter]
  private let agentConnections: Gauge

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
  }

  /// Counts an answered request; `target` is the request's, with or without a query, `status` the answer's code.
  func answered(target: String, status: Int) {
    let path = target.utf8.firstIndex(of: UInt8(ascii: "?")).map { target[..<$0] } ?? target[...]
    requests[Counted(kind: RequestKind(path: path), statusClass: min(max(status / 100, 2), 5))]?.increment()
  }

  /// Counts an agent check by its answer's first word.
  func agentAnswered(_ answer: AgentAnswer) { agentChecks[answer]?.increment() }

  /// Counts an agent check by the line it was told (`AgentAnswer.line`).
  func agentAnswered(line: String) {
    agentAnswered(line.hasPrefix("ready up") ? .up : line.hasPrefix("drain") ? .drain : .down)
  }

  /// Notes that a connection of an agent check was opened (1) or closed (-1).
  func agentConnections(_ change: Int) { agentConnections.add(Double(change)) }

  /// Counts the end of a probe; it succeeded where the component works in both directions.
  func probed(_ component: String, _ sighting: Sighting, duration: Duration) {
    let succeeded = [sighting.read, sighting.write].allSatisfy { $0?.isSuccess ?? true }
    // Both from 0 on, so that the first failure shows as an increase.
    for outcome in ["pass", "fail"] {
      let counter = registry.counter(HealthMetric.probes, ["component": component, "outcome": outcome])
      if (outcome == "pass") == succeeded { counter.increment() }
    }
    registry.histogram(HealthMetric.probeSeconds, ["component": component]).observe(duration)
  }

  /// Shows the connections to the database, too, whenever figures are asked for.
  func showPools(of catalog: Catalog) {
    refresh.withLock { [registry] in $0 = { catalog.showPools(in: registry) } }
  }

  /// All figures of the process in Prometheus' text format, verdicts as they stand in `view`.
  func text(of view: HealthView) -> String {
    show(view)
    refresh.withLock { $0 }()
    return registry.prometheusText()
  }
}

extension HealthMetrics.RequestKind {
  /// What a path asks for, one of a fixed set whatever clients send.
  fileprivate init(path: Substring) {
    switch path {
    case "/livez", "/readyz": self = .live
    case "/health", "/health/instance", "/health/endtoend", "/health/warning", "/health/dbrevision", "/status":
      self = .quay
    case "/health/regions": self = .regions
    case "/metrics": self = .metrics
    case "/": self = .page
    case "/page/live": self = .pageUpdate
    case _ where path.hasPrefix("/health/region/"): self = .region
    case _ where path.hasPrefix("/page/"): self = .page
    default: self = .other
    }
  }
}
