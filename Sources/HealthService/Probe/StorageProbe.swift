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
        try await naming { () async throws in try await canary.write() }
        return Sighting(.writes, .pass)
      },
      Probe(
        target: .storage(location), aspect: .reads, interval: interval, deadline: deadline, thresholds: thresholds
      ) {
        try await naming { () async throws in try await canary.read() }
        return Sighting(.reads, .pass)
      },
    ]
  }

  /// Runs a look; its reason names neither bucket nor key, for reasons are shown on pages.
  private static func naming(_ look: () async throws -> Void) async throws {
    do {
      try await look()
    } catch let error as StorageError {
      switch error {
      case .bucketMissing: throw ProbeError.noBucket
      case .objectMissing: throw ProbeError.canaryGone
      default: throw error
      }
    }
  }
}
