import Shared

/// Shows the figures of the database as gauges. Labels are locations and lanes only, so their number is bounded.
///
/// Every worker shows all locations, so that one whose workers are all away is still seen; sums over workers mean nothing.
struct FigureGauges: Sendable {
  let registry: MetricsRegistry

  /// Replaces what was shown before.
  func show(_ figures: ReplicationFigures) {
    for location in figures.locations { show(location) }
  }

  private func show(_ figures: LocationFigures) {
    let target = ["target": figures.location.description]
    for lane in Lane.allCases {
      let pending = figures.pending[lane] ?? LocationFigures.Pending()
      let labels = target.merging(["lane": lane.rawValue]) { $1 }
      registry.gauge(WorkerMetric.replicationPendingObjects, labels).set(Double(pending.objects))
      registry.gauge(WorkerMetric.replicationPendingBytes, labels).set(Double(pending.bytes))
      registry.gauge(WorkerMetric.replicationOldestPendingSeconds, labels).set(Double(pending.oldestSeconds))
    }
    registry.gauge(WorkerMetric.replicationFailingObjects, target).set(Double(figures.failing))
    registry.gauge(WorkerMetric.replicationParkedObjects, target).set(Double(figures.parked))
    registry.gauge(WorkerMetric.replicationSourceLostObjects, target).set(Double(figures.sourceLost))
    let location = ["location": figures.location.description]
    registry.gauge(WorkerMetric.locationObjects, location)
      .set(Double(figures.copies))
    registry.gauge(WorkerMetric.locationBytes, location)
      .set(Double(figures.copiedBytes))
    registry.gauge(WorkerMetric.replicationAtRiskObjects, location).set(Double(figures.atRisk))
    registry.gauge(WorkerMetric.replicationAtRiskBytes, location).set(Double(figures.atRiskBytes))
    registry.gauge(WorkerMetric.locationQuarantinedObjects, location).set(Double(figures.quarantined))
    registry.gauge(WorkerMetric.locationOldestVerifiedSeconds, location).set(Double(figures.oldestVerifiedSeconds ?? 0))
  }
}
