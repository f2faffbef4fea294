import Shared

extension Catalog {
  /// The figures that metrics and alarms are made of, from counts that are kept and single looks into indexes.
  func replicationFigures() async throws(CatalogError) -> ReplicationFigures {
    var locations: [LocationFigures] = []
    for status in try await replicationStatus() {
      var figures = LocationFigures(status)
      let age = try await verificationAge(at: status.location, .content)
      figures.oldestVerifiedSeconds = age.map { max(0, $0.components.seconds) }
      locations.append(figures)
    }
    return ReplicationFigures(locations: locations)
  }
}

extension LocationFigures {
  /// Takes over what the catalog says of a location.
  init(_ status: LocationStatus) {
    self.init(location: status.location)
    for lane in status.lanes {
      pending[lane.lane] = Pending(
        objects: lane.jobs, bytes: lane.sizeBytes, oldestSeconds: lane.oldestSeconds ?? 0)
    }
    copies = status.placements
    copiedBytes = status.placedBytes
    quarantined = status.quarantined
    failing = status.failing
    parked = status.parked
    sourceLost = status.sourceLost
    atRisk = status.atRisk.count
    atRiskBytes = status.atRisk.sizeBytes
  }
}
