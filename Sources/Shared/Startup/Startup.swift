internal import Foundation
package import Logging
package import SharedCatalog
package import SharedConfig
package import SharedModel
package import SharedQueue
package import SharedStorage

/// What every executable does before its own work: read the configuration, open the database, the stores and the queue.
///
/// Each step throws `StartupError`, one line that names the key at fault; nothing half-open is left behind.
package enum Startup {
  /// Loads the configuration with this process's environment.
  package static func configuration(
    path: String
  ) throws(StartupError) -> (configuration: Configuration, notices: [ConfigurationNotice]) {
    do {
      return try Configuration.load(path: path, environment: ProcessInfo.processInfo.environment)
    } catch {
      throw .configuration(error)
    }
  }

  /// Logs each notice once, at start.
  package static func report(_ notices: [ConfigurationNotice], to logger: Logger) {
    for notice in notices { logger.notice("configuration", metadata: ["notice": "\(notice)"]) }
  }

  /// Parses `HOST:PORT`; the host may be an IPv6 address in brackets, the port is 1 to 65535. `option` is named in the
  /// error.
  package static func address(
    _ text: String, of option: String = "--listen"
  ) throws(StartupError) -> (host: String, port: Int) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (1...65535).contains(port)
    else { throw .invalidAddress(text, option: option) }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { throw .invalidAddress(text, option: option) }
    return (String(host), port)
  }

  /// Connects, applies migrations under an advisory lock, registers the configured locations and compares the
  /// configuration's fingerprint with the one the other processes run with (G8).
  ///
  /// With `routesReads` pulls go on while the primary is away (decision 0008), and a process that starts in such a time
  /// serves them from the region's replica, if that has the schema and the locations already.
  package static func catalog(
    _ configuration: Configuration, service: String, logger: Logger, routesReads: Bool = false
  ) async throws(StartupError) -> Catalog {
    let pending = try pendingCatalog(configuration, service: service, logger: logger, routesReads: routesReads)
    do throws(StartupError) {
      try await pending.prepare()
    } catch {
      await pending.catalog.close()
      throw error
    }
    return pending.catalog
  }

  /// Opens the catalog for one piece of work of a command line and closes it again.
  package static func withCatalog<Value: Sendable>(
    path: String, service: String, _ body: (Catalog) async throws -> Value
  ) async throws -> Value {
    let configuration = try configuration(path: path).configuration
    let database = try database(configuration, service: service)
    let catalog = Catalog(database: database)
    do {
      try await Migrator(database: database).verify()
      let value = try await body(catalog)
      await catalog.close()
      return value
    } catch {
      await catalog.close()
      if let error = error as? CatalogError { throw StartupError.database(error) }
      throw error
    }
  }

  /// Why a process that cannot reach the primary must not start from the replica, nil if it may; throws what was wrong
  /// with the primary where that is no outage or where there is no replica.
  static func refusalToStart(
    _ configuration: Configuration, from replica: PostgresSQLDatabase?, because outage: CatalogError, logger: Logger
  ) async throws(StartupError) -> String? {
    guard case .unavailable = outage, let replica else { throw .database(outage) }
    do {
      try await Migrator(database: replica).verify()
      let check = LocationCheck(configuration, records: try await Catalog(database: replica).locationRecords())
      for warning in check.warnings { logger.warning("location", metadata: ["notice": "\(warning)"]) }
      logger.warning(
        "starting without the database's primary: pulls are served from the replica, pushes are refused",
        metadata: ["error": "\(outage)"])
      return check.refusal
    } catch {
      logger.warning("the read replica is of no help", metadata: ["error": "\(error)"])
      throw .database(outage)
    }
  }

  /// The catalog as the region's read replica has it, for reading only; nil where the region has none. No I/O is done.
  package static func replicaCatalog(
    _ configuration: Configuration, service: String
  ) throws(StartupError) -> Catalog? {
    try replica(configuration, service: service).map { Catalog(database: $0) }
  }

  static func replica(
    _ configuration: Configuration, service: String
  ) throws(StartupError) -> PostgresSQLDatabase? {
    do {
      return try PostgresSQLDatabase(replicaOf: configuration.database, applicationName: service)
    } catch {
      throw .database(error)
    }
  }

  static func database(
    _ configuration: Configuration, service: String
  ) throws(StartupError) -> PostgresSQLDatabase {
    do {
      return try PostgresSQLDatabase(settings: configuration.database, applicationName: service)
    } catch {
      throw .database(error)
    }
  }

  /// The doorbell in front of the jobs table; connects when it is first used and again whenever it has to.
  package static func queue(_ configuration: Configuration, logger: Logger) -> any ReplicationQueue {
    RedisReplicationQueue(settings: configuration.redis, logger: logger)
  }

  /// Opens every configured store without contacting any.
  ///
  /// Each has at most `maximumConnections` sockets open at a time.
  package static func stores(
    _ configuration: Configuration, maximumConnections: Int = 64, deadlines: StoreDeadlines = StoreDeadlines()
  ) throws(StartupError) -> [LocationID: any BlobStore] {
    var stores: [LocationID: any BlobStore] = [:]
    for location in configuration.locations {
      stores[location.id] = try store(location, maximumConnections: maximumConnections, deadlines: deadlines)
    }
    return stores
  }

  /// Opens the store of one location without contacting it.
  package static func store(
    _ location: LocationSettings, maximumConnections: Int = 64, deadlines: StoreDeadlines = StoreDeadlines()
  ) throws(StartupError) -> any BlobStore {
    guard location.engine.isAvailable else {
      throw .engineUnavailable(location.id, engine: location.engine.engineName)
    }
    do {
      return try StoreFactory.open(location, maximumConnections: maximumConnections, deadlines: deadlines)
    } catch {
      throw .store(location.id, error)
    }
  }

  /// Contacts each store: the home location must answer, for others a warning is enough (its region may be down).
  package static func probe(
    _ stores: [LocationID: any BlobStore], home: LocationID, logger: Logger
  ) async throws(StartupError) {
    for (location, store) in stores.sorted(by: { $0.key < $1.key }) {
      do {
        try await store.probe()
      } catch {
        guard location != home else { throw .store(location, error) }
        logger.warning(
          "a location cannot be used at the moment", metadata: ["location": "\(location)", "error": "\(error)"])
      }
    }
  }
}
