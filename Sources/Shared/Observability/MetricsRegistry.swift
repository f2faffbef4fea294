import Synchronization

/// The metrics of a process by name and labels, written out as Prometheus text.
///
/// The number of metrics and of label sets per metric is bounded, so that no input can grow it (security rule 31): beyond
/// the bound one shared series takes the observations, whose label values are all `other`. Nothing here ever throws or
/// traps; a name that cannot be exposed, or is already another kind of metric, gives a series that is counted as rejected
/// and not shown. What executables count are cases of a `DeclaredMetric`; plain names are for this module and its tests.
package final class MetricsRegistry: Sendable {
  /// The registry of the process.
  package static let shared = MetricsRegistry()

  enum Series: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
  }

  struct Family: Sendable {
    let kind: MetricKind
    let help: String
    /// The names of its labels where it is declared; its help is then shown from the beginning.
    var declaredLabels: Set<String>?
    var series: [[MetricLabel]: Series] = [:]
  }

  private struct State: Sendable {
    var families: [String: Family] = [:]
    var rejected: Double = 0
  }

  private let maximumMetrics: Int
  private let maximumSeriesPerMetric: Int
  private let state = Mutex(State())

  /// Makes a registry of its own, for tests.
  package init(maximumMetrics: Int = 500, maximumSeriesPerMetric: Int = 500) {
    self.maximumMetrics = maximumMetrics
    self.maximumSeriesPerMetric = maximumSeriesPerMetric
  }

  /// The counter of this name and these labels, made at the first call; by custom the name ends in `_total`.
  func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
    let made = Counter()
    guard case .counter(let found) = series(name, .counter, help, labels, make: .counter(made)) else { return made }
    return found
  }

  /// The gauge of this name and these labels, made at the first call.
  func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
    let made = Gauge()
    guard case .gauge(let found) = series(name, .gauge, help, labels, make: .gauge(made)) else { return made }
    return found
  }

  /// The histogram of this name and these labels, made at the first call with these upper bounds.
  func histogram(
    _ name: String, help: String, labels: [String: String] = [:], buckets: [Double] = Histogram.secondsBuckets
  ) -> Histogram {
    let made = Histogram(buckets: buckets)
    guard case .histogram(let found) = series(name, .histogram, help, labels, make: .histogram(made)) else {
      return made
    }
    return found
  }

  /// Shows a metric from now on, whether or not there are series.
  func declare(_ metric: MetricDescription, help: String) {
    state.withLock { state in
      guard MetricName.isValid(metric.name),
        state.families[metric.name] != nil || state.families.count < maximumMetrics,
        state.families[metric.name]?.kind ?? metric.kind == metric.kind
      else {
        state.rejected += 1
        return
      }
      state.families[metric.name, default: Family(kind: metric.kind, help: help)].declaredLabels = metric.labels
    }
  }

  /// Everything that is declared, in the order of names.
  package var declared: [MetricDescription] {
    state.withLock(\.families).compactMap { name, family in
      family.declaredLabels.map { MetricDescription(name: name, kind: family.kind, labels: $0) }
    }.sorted { $0.name < $1.name }
  }

  /// Counts something that cannot be shown.
  func reject() { state.withLock { $0.rejected += 1 } }

  /// Removes a gauge's series.
  func removeGauge(_ name: String, labels: [String: String]) {
    let key = MetricLabel.sorted(labels)
    state.withLock { state in
      guard state.families[name]?.kind == .gauge else { return }
      state.families[name]?.series[key] = nil
    }
  }

  /// Everything as Prometheus text format 0.0.4, ordered by name and labels; `process` adds the process's own metrics.
  package func prometheusText(process: ProcessMetrics? = ProcessMetrics.current()) -> String {
    var (families, rejected) = state.withLock { ($0.families, $0.rejected) }
    if rejected > 0 {
      let counter = Counter()
      counter.increment(by: rejected)
      families[ProcessMetric.rejected.rawValue] = Family(
        kind: .counter, help: ProcessMetric.rejected.shape.help, series: [[]: .counter(counter)])
    }
    for (name, family) in process?.families ?? [:] { families[name] = family }
    return families.sorted { $0.key < $1.key }.map { PrometheusText.write(name: $0.key, $0.value) }.joined()
  }

  private func series(
    _ name: String, _ kind: MetricKind, _ help: String, _ labels: [String: String], make: Series
  ) -> Series {
    let key = MetricLabel.sorted(labels)
    return state.withLock { state in
      guard MetricName.isValid(name), key.allSatisfy({ MetricName.isValidLabel($0.name, of: kind) }),
        state.families[name] != nil || state.families.count < maximumMetrics,
        state.families[name]?.kind ?? kind == kind
      else {
        state.rejected += 1
        return make
      }
      var family = state.families[name] ?? Family(kind: kind, help: help)
      if let found = family.series[key] { return found }
      let full = family.series.count >= maximumSeriesPerMetric - 1
      let used = full ? key.map { MetricLabel(name: $0.name, value: "other") } : key
      if let found = family.series[used] { return found }
      guard family.series.count < maximumSeriesPerMetric else {
        state.rejected += 1
        return make
      }
      family.series[used] = make
      state.families[name] = family
      return make
    }
  }
}
