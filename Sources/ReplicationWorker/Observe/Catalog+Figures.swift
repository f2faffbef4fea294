import Shared

extension Catalog {
  /// The figures that metrics and alarms are made of, from counts that are kept and single looks into indexes.
  func replicationFigures() async throws(CatalogError) -> ReplicationFigures {
    var locations: [LocationFigures] = []
    for status in try await replicationStatus() {
      var figures = LocationFigures(location: status.location)
      figures.pending[.normal] = .init(
        objects: status.pendingJobs, bytes: status.pendingBytes, oldestSeconds: status.oldestPendingSeconds ?? 0)
      figures.copies = status.placements
      figures.failing = status.failing
      figures.parked = status.parked
      figures.sourceLost = status.sourceLost
      locations.append(figures)
    }
    return ReplicationFigures(locations: locations, atRisk: nil)
  }
}
