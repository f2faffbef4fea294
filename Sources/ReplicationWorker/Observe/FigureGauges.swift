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
      registry.gauge(
        "meridian_replication_pending_objects", help: "Blobs that wait to be copied, by target and lane.",
        labels: labels
      ).set(Double(pending.objects))
      registry.gauge(
        "meridian_replication_pending_bytes", help: "Bytes that wait to be copied, by target and lane.", labels: labels
      ).set(Double(pending.bytes))
      registry.gauge(
        "meridian_replication_oldest_pending_seconds",
        help: "Age of the oldest blob that waits to be copied, by target and lane; 0 for none.", labels: labels
      ).set(Double(pending.oldestSeconds))
    }
    registry.gauge(
      "meridian_replication_failing_objects", help: "Waiting blobs whose copy has failed before, by target.",
      labels: target
    ).set(Double(figures.failing))
    registry.gauge(
      "meridian_replication_parked_objects", help: "Blobs set aside after too many failures, by target.",
      labels: target
    ).set(Double(figures.parked))
    registry.gauge(
      "meridian_replication_source_lost_objects", help: "Blobs no intact copy of which is left, by target.",
      labels: target
    ).set(Double(figures.sourceLost))
    let location = ["location": figures.location.description]
    registry.gauge("meridian_location_objects", help: "Verified copies, by location.", labels: location)
      .set(Double(figures.copies))
    registry.gauge("meridian_location_bytes", help: "Bytes of verified copies, by location.", labels: location)
      .set(Double(figures.copiedBytes))
    registry.gauge(
      "meridian_replication_at_risk_objects", help: "Blobs whose only verified copy is at this location.",
      labels: location
    ).set(Double(figures.atRisk))
    registry.gauge(
      "meridian_replication_at_risk_bytes", help: "Bytes of blobs whose only verified copy is at this location.",
      labels: location
    ).set(Double(figures.atRiskBytes))
    registry.gauge(
      "meridian_location_quarantined_objects", help: "Copies found wrong and put aside, by location.", labels: location
    ).set(Double(figures.quarantined))
    registry.gauge(
      "meridian_location_oldest_verified_seconds",
      help: "Time since the bytes of the copy verified longest ago were last hashed, by location; 0 without copies.",
      labels: location
    ).set(Double(figures.oldestVerifiedSeconds ?? 0))
  }
}
