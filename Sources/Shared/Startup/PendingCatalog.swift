package import Logging
package import SharedCatalog
package import SharedConfig
import SharedModel

/// A catalog that is open, of whose database nothing is known yet.
///
/// For processes that have something to say without a database: a health service that was started in an outage tells of
/// the outage.
package struct PendingCatalog: Sendable {
  package let catalog: Catalog
  private let configuration: Configuration
  private let database: PostgresSQLDatabase
  private let replica: PostgresSQLDatabase?
  private let logger: Logger

  init(
    catalog: Catalog, configuration: Configuration, database: PostgresSQLDatabase, replica: PostgresSQLDatabase?,
    logger: Logger
  ) {
    self.catalog = catalog
    self.configuration = configuration
    self.database = database
    self.replica = replica
    self.logger = logger
  }

  /// Applies migrations under an advisory lock, registers the configured locations and compares the configuration's
  /// fingerprint with the one the other processes run with (G8).
  ///
  /// Throws `database(.unavailable)` where that has to be done another time. With a replica that has the schema and the
  /// locations already it succeeds while the primary is away (decision 0008).
  package func prepare() async throws(StartupError) {
    var refusal: String?
    do {
      // A registry that is read-only may stand on a database that is: then everything has to be there already (G18).
      let isReadOnly = configuration.registryState == .readonly
      if isReadOnly {
        try await Migrator(database: database).verify()
      } else {
        try await Migrator(database: database).apply()
        try await catalog.registerLocations(configuration.locations.map { ($0.id, $0.engine.engineName) })
      }
      let check = LocationCheck(configuration, records: try await catalog.locationRecords())
      for warning in check.warnings { logger.warning("location", metadata: ["notice": "\(warning)"]) }
      refusal = check.refusal
      if !isReadOnly,
        let drift = try await catalog.checkFingerprint(
          region: configuration.region, fingerprint: configuration.fingerprint)
      {
        logger.critical(
          "this process and others run with different configuration files",
          metadata: ["regions": "\(drift.others.map(\.region.description).joined(separator: ","))"])
      }
    } catch {
      refusal = try await Startup.refusalToStart(configuration, from: replica, because: error, logger: logger)
    }
    if let refusal { throw .refused(refusal) }
  }
}

extension Startup {
  /// Opens the catalog without any I/O; its `prepare` has to succeed before it is relied upon.
  package static func pendingCatalog(
    _ configuration: Configuration, service: String, logger: Logger, routesReads: Bool = false
  ) throws(StartupError) -> PendingCatalog {
    let database = try database(configuration, service: service)
    let replica = routesReads ? try replica(configuration, service: service) : nil
    let catalog = Catalog(
      database: routesReads ? RoutedSQLDatabase(primary: database, replica: replica, logger: logger) : database)
    return PendingCatalog(
      catalog: catalog, configuration: configuration, database: database, replica: replica, logger: logger)
  }
}
