import HTTPTypes
import Shared
import Synchronization

/// The counters and histograms of requests by route, method and class of status.
///
/// What a route answers is there from the beginning, so that the first failure shows as an increase and counting takes
/// no lock on the registry; combinations that only mistaken clients make are added when they occur, all methods of
/// their own as `other`.
final class RequestSeries: Sendable {
  private struct Timed: Hashable {
    let kind: RouteKind
    let method: String
  }

  private struct Counted: Hashable {
    let timed: Timed
    let statusClass: Int
  }

  private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

  private let registry: MetricsRegistry
  private let counters: Mutex<[Counted: Counter]>
  private let histograms: Mutex<[Timed: Histogram]>

  /// Makes the series of everything that is answered in earnest.
  init(registry: MetricsRegistry) {
    self.registry = registry
    var counters: [Counted: Counter] = [:]
    var histograms: [Timed: Histogram] = [:]
    for kind in RouteKind.allCases {
      for method in kind.countedMethods {
        let timed = Timed(kind: kind, method: method)
        histograms[timed] = Self.histogram(timed, registry)
        for statusClass in 2...5 {
          let counted = Counted(timed: timed, statusClass: statusClass)
          counters[counted] = Self.counter(counted, registry)
        }
      }
    }
    self.counters = Mutex(counters)
    self.histograms = Mutex(histograms)
  }

  /// Counts an answered request.
  func answered(_ kind: RouteKind, method: HTTPRequest.Method, status: HTTPResponse.Status, duration: Duration) {
    let method = Self.methods.contains(method.rawValue) ? method.rawValue : "other"
    let timed = Timed(kind: kind, method: method)
    let counted = Counted(timed: timed, statusClass: min(max(status.code / 100, 1), 5))
    counters.withLock { counters in
      if let known = counters[counted] { return known }
      let made = Self.counter(counted, registry)
      counters[counted] = made
      return made
    }.increment()
    histograms.withLock { histograms in
      if let known = histograms[timed] { return known }
      let made = Self.histogram(timed, registry)
      histograms[timed] = made
      return made
    }.observe(duration)
  }

  private static func counter(_ counted: Counted, _ registry: MetricsRegistry) -> Counter {
    registry.counter(
      RegistryMetric.requests,
      [
        "route": counted.timed.kind.rawValue, "method": counted.timed.method, "status": "\(counted.statusClass)xx",
      ])
  }

  private static func histogram(_ timed: Timed, _ registry: MetricsRegistry) -> Histogram {
    registry.histogram(RegistryMetric.requestSeconds, ["route": timed.kind.rawValue, "method": timed.method])
  }
}

extension RouteKind {
  /// The methods that are worth series from the beginning.
  fileprivate var countedMethods: [String] {
    switch self {
    case .base, .catalog, .tags, .referrers, .metrics, .none: ["GET"]
    case .token: ["GET", "POST"]
    case .manifest: ["GET", "HEAD", "PUT", "DELETE"]
    case .blob: ["GET", "HEAD", "DELETE"]
    case .uploads: ["POST"]
    case .upload: ["GET", "PATCH", "PUT", "DELETE"]
    case .admin: ["GET", "POST"]
    }
  }
}
