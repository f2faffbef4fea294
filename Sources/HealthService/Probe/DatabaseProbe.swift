import Shared

/// The probes of the database: a row is written at the primary, and rows are read there, or from the region's replica,
/// for pulls go on from it (decision 0008).
enum DatabaseProbe {
  /// Builds the probes; also keeps `modes` up to date with the states of the locations.
  static func make(
    catalog: Catalog, replica: Catalog?, prober: String, modes: WriteModes, interval: Duration = .seconds(1),
    deadline: Duration = .seconds(2), thresholds: Hysteresis.Thresholds = .init(rise: 2, fall: 2)
  ) -> [Probe] {
    let writes = Probe(
      target: .database, aspect: .writes, interval: interval, deadline: deadline, thresholds: thresholds
    ) {
      // A registry that is read-only takes no writes, by order and not by failure (G18).
      if modes.isRegistryReadOnly {
        try await catalog.probeRead()
      } else {
        try await catalog.probeWrite(prober: prober)
      }
      return Sighting(.writes, .pass)
    }
    let reads = Probe(
      target: .database, aspect: .reads, interval: interval, deadline: deadline, thresholds: thresholds
    ) {
      do {
        modes.update(try await catalog.locations())
        let revision = try await catalog.schemaVersion()
        let values = ["revision": Double(revision.found), "known_revision": Double(revision.known)]
        guard revision.found == revision.known else {
          return Sighting(
            .reads, .warn("the schema is of version \(revision.found), this program knows \(revision.known)"),
            values: values)
        }
        return Sighting(.reads, .pass, values: values)
      } catch {
        guard let replica else { throw error }
        try await replica.probeRead()
        return Sighting(.reads, .warn("\(ReasonText.of(error)); the replica stands in"))
      }
    }
    return [writes, reads]
  }

  /// Builds the probe of how far the replica is behind.
  static func replicaLag(
    replica: Catalog, warnAfter limit: Duration, interval: Duration = .seconds(5), deadline: Duration = .seconds(3)
  ) -> Probe {
    Probe(target: .replicaLag, interval: interval, deadline: deadline) {
      guard let lag = try await replica.replayAge() else { return Sighting(read: .warn("nothing was replayed yet")) }
      let values = ["lag_seconds": lag.inSeconds]
      guard lag > limit else { return Sighting(read: .pass, values: values) }
      return Sighting(read: .warn("the replica is \(lag.components.seconds) s behind"), values: values)
    }
  }
}
