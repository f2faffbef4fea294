/// The metrics of one part of Meridian, one case each; the raw value is the name Prometheus sees.
///
/// Nothing can be counted that is not a case of such an enumeration, so `allCases` is what an executable may expose, and the
/// test that compares it with docs/operations/metrics.md misses none.
package protocol DeclaredMetric: RawRepresentable<String>, CaseIterable, Sendable {
  /// Kind, labels and meaning of the metric.
  var shape: MetricShape { get }
}

/// What is known of a metric before anything is counted.
package struct MetricShape: Sendable, Hashable {
  package let kind: MetricKind
  /// One sentence for the reader of the exposed text.
  package let help: String
  /// The names of its labels, which every series has.
  package let labels: Set<String>
  /// Upper bounds of a histogram's buckets, in the metric's unit; empty for other kinds.
  package let buckets: [Double]

  /// A number that only grows; by custom its name ends in `_total`.
  package static func counter(_ help: String, _ labels: String...) -> MetricShape {
    MetricShape(kind: .counter, help: help, labels: Set(labels), buckets: [])
  }

  /// A number that goes up and down.
  package static func gauge(_ help: String, _ labels: String...) -> MetricShape {
    MetricShape(kind: .gauge, help: help, labels: Set(labels), buckets: [])
  }

  /// Observations counted in buckets.
  package static func histogram(
    _ help: String, _ labels: String..., buckets: [Double] = Histogram.secondsBuckets
  ) -> MetricShape {
    MetricShape(kind: .histogram, help: help, labels: Set(labels), buckets: buckets)
  }
}

/// A metric as a registry exposes it, for lists of what there is.
package struct MetricDescription: Sendable, Hashable {
  package let name: String
  package let kind: MetricKind
  package let labels: Set<String>

  /// Describes a metric.
  package init(name: String, kind: MetricKind, labels: Set<String>) {
    self.name = name
    self.kind = kind
    self.labels = labels
  }
}

extension MetricsRegistry {
  /// Exposes all metrics of an enumeration from now on, with their help texts even before anything is counted; counters
  /// and histograms without labels begin at 0.
  package func declare<Metric: DeclaredMetric>(_ metrics: Metric.Type) {
    for metric in metrics.allCases {
      let shape = metric.shape
      declare(MetricDescription(name: metric.rawValue, kind: shape.kind, labels: shape.labels), help: shape.help)
      guard shape.labels.isEmpty else { continue }
      switch shape.kind {
      case .counter: _ = counter(metric)
      case .histogram: _ = histogram(metric)
      // What a gauge would say before anybody knows is left to whoever sets it.
      case .gauge: break
      }
    }
  }

  /// The metric's counter of these labels, made at the first call.
  ///
  /// Labels that are not the metric's, or a metric of another kind, give a counter that is not shown.
  package func counter(_ metric: some DeclaredMetric, _ labels: [String: String] = [:]) -> Counter {
    guard fits(metric, labels) else { return Counter() }
    return counter(metric.rawValue, help: metric.shape.help, labels: labels)
  }

  /// The metric's gauge of these labels, made at the first call; what does not fit is not shown.
  package func gauge(_ metric: some DeclaredMetric, _ labels: [String: String] = [:]) -> Gauge {
    guard fits(metric, labels) else { return Gauge() }
    return gauge(metric.rawValue, help: metric.shape.help, labels: labels)
  }

  /// The metric's histogram of these labels, made at the first call; what does not fit is not shown.
  package func histogram(_ metric: some DeclaredMetric, _ labels: [String: String] = [:]) -> Histogram {
    let shape = metric.shape
    guard fits(metric, labels) else { return Histogram(buckets: shape.buckets) }
    return histogram(metric.rawValue, help: shape.help, labels: labels, buckets: shape.buckets)
  }

  /// Removes a gauge's series, for things that are gone for good.
  package func removeGauge(_ metric: some DeclaredMetric, _ labels: [String: String]) {
    removeGauge(metric.rawValue, labels: labels)
  }

  private func fits(_ metric: some DeclaredMetric, _ labels: [String: String]) -> Bool {
    guard Set(labels.keys) == metric.shape.labels else {
      reject()
      return false
    }
    return true
  }
}
