import Shared

/// The probe of what is still to be copied to this region's location; never more than a warning.
enum ReplicationProbe {
  /// Builds the probe.
  static func make(
    catalog: Catalog, location: LocationID, warnAfter limit: Duration, interval: Duration = .seconds(10),
    deadline: Duration = .seconds(8)
  ) -> Probe {
    Probe(target: .replication, interval: interval, deadline: deadline, thresholds: .init(rise: 1, fall: 2)) {
      guard let status = try await catalog.replicationStatus().first(where: { $0.location == location }) else {
        return Sighting(read: .warn("the location \(location) is not registered"))
      }
      let oldest = status.oldestPendingSeconds ?? 0
      let values = [
        "pending_jobs": Double(status.pendingJobs), "pending_bytes": Double(status.pendingBytes),
        "oldest_pending_seconds": Double(oldest), "at_risk_blobs": Double(status.atRisk.count),
      ]
      guard .seconds(oldest) > limit else { return Sighting(read: .pass, values: values) }
      return Sighting(read: .warn("a copy to \(location) has been waiting for \(oldest) s"), values: values)
    }
  }
}
