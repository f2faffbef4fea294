import Shared

/// The probes of a location's store: a canary is written and an older one deleted, and on a schedule of its own read back
/// and compared.
enum StorageProbe {
  /// Builds both probes of `canary`'s store.
  static func make(
    _ canary: StorageCanary, location: LocationID, interval: Duration = .seconds(2), deadline: Duration = .seconds(3),
    thresholds: Hysteresis.Thresholds = .init(rise: 2, fall: 3)
  ) -> [Probe] {
    [
      Probe(
        target: .storage(location), aspect: .writes, interval: interval, deadline: deadline, thresholds: thresholds
      ) {
        try await canary.write()
        return Sighting(.writes, .pass)
      },
      Probe(
        target: .storage(location), aspect: .reads, interval: interval, deadline: deadline, thresholds: thresholds
      ) {
        try await canary.read()
        return Sighting(.reads, .pass)
      },
    ]
  }
}
