import Shared

extension HealthView {
  /// The region this process speaks for.
  var region: String { snapshot.region }

  /// The verdict on it.
  var own: RegionVerdict? { verdict(on: region) }

  /// Whether every component of the region has been looked at at least once.
  var isReady: Bool { !snapshot.components.isEmpty && snapshot.components.allSatisfy { $0.observedAtMs > 0 } }

  /// The newest migration in the database, as the last look found it; nil where none did.
  var databaseRevision: Int? {
    snapshot.component(.database)?.values["revision"].flatMap { Int(exactly: $0) }
  }

  /// The newest migration this program has.
  var programRevision: Int { Migrator.newestVersion }
}
