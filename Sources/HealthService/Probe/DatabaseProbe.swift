import Shared

/// The probe of the database: a row is written at the primary; while that fails, the region's replica may stand in, for
/// pulls go on from it (decision 0008).
enum DatabaseProbe {
  /// Builds the probe; also keeps `modes` up to date with the states of the locations.
  static func make(catalog: Catalog, replica: Catalog?, prober: String, modes: WriteModes) -> Probe {
    Probe(target: .database) {
      do {
        if modes.isRegistryReadOnly {
          try await catalog.probeRead()
        } else {
          try await catalog.probeWrite(prober: prober)
        }
        modes.update(try await catalog.locations())
        return .pass
      } catch {
        guard let replica else { throw error }
        try await replica.probeRead()
        return Sighting(read: .warn("the primary: \(error); the replica stands in"))
      }
    }
  }
}
