import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Shared
import UnixSignals

/// The whole process of `serve`: start-up in order, then the services until the end.
struct RegistryServer: Sendable {
  /// The bytes of uploads may take this much memory in all, so that the process stays below 200 MiB.
  static let transferMemoryBytes: Int64 = 80 << 20
  static let shutdownGrace = Duration.seconds(30)

  let configuration: Configuration
  let address: ListenAddress
  let connections: ConnectionLimits
  let logger: Logger

  /// Starts up, listens, and returns after a graceful shutdown; throws `StartupError` where something is missing.
  func run() async throws {
    let gate = try await AccessGate.open(configuration, address: address)
    let stores = try Startup.stores(configuration)
    let queue = Startup.queue(configuration, logger: logger)
    do {
      let catalog = try await Startup.catalog(
        configuration, service: "registry-api", logger: logger, routesReads: true)
      do {
        try await Startup.probe(stores, home: configuration.home, logger: logger)
        try await serve(gate: gate, stores: stores, catalog: catalog, queue: queue)
      } catch {
        await catalog.close()
        throw error
      }
      await catalog.close()
    } catch {
      await close(stores, queue)
      throw error
    }
    await close(stores, queue)
  }

  private func serve(
    gate: AccessGate, stores engines: [LocationID: any BlobStore], catalog: Catalog, queue: any ReplicationQueue
  ) async throws {
    let metrics = RegistryMetrics()
    let announcer = JobAnnouncer(queue: queue, metrics: metrics, logger: logger)
    let urgent = urgentCopies(catalog: catalog, announcer: announcer, metrics: metrics)
    let watched = WatchedStores(
      engines, preference: configuration.preference, isReadOnly: configuration.registryState == .readonly,
      catalog: catalog, announcer: announcer, metrics: metrics, logger: logger)
    let pushLocation = PushLocation(
      preference: configuration.preference, others: configuration.locations.map(\.id),
      health: configuration.writeFailoverEnabled ? watched.health : nil, catalog: catalog, logger: logger)
    let deletions = ObjectDeletions(catalog: catalog, stores: watched.stores, logger: logger)
    let services = RegistryServices(
      settings: RegistrySettings(configuration), catalog: catalog, watched: watched,
      gate: gate,
      manifests: ManifestCache(), room: TransferRoom(memoryBytes: Self.transferMemoryBytes, spool: try Spool()),
      announcer: announcer, pushLocation: pushLocation, urgent: urgent, deletions: deletions,
      throttle: AdminThrottle(), metrics: metrics, logger: logger)
    let listener = try RegistryListener(services: services, address: address, logger: logger, connections: connections)
    let word = HealthWord(region: configuration.region, catalog: catalog, health: watched.health, logger: logger)
    let background: [any Service] =
      watched.background + [word, deletions, announcer, pushLocation] + (urgent.map { [$0] } ?? [])
    // Ended in reverse: the listener first, so that what its last requests hand over is still taken care of.
    var lifecycle = ServiceGroupConfiguration(
      services: (background + [listener]).map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
      logger: logger)
    lifecycle.maximumGracefulShutdownDuration = Self.shutdownGrace
    try await ServiceGroup(configuration: lifecycle).run()
  }

  private func urgentCopies(catalog: Catalog, announcer: JobAnnouncer, metrics: RegistryMetrics) -> UrgentCopies? {
    guard configuration.replicationEnabled, configuration.registryState == .normal else { return nil }
    return UrgentCopies(
      home: configuration.home, isDefaultLocation: configuration.requiredLocations.contains(configuration.home),
      catalog: catalog, announcer: announcer, metrics: metrics, logger: logger)
  }

  private func close(_ stores: [LocationID: any BlobStore], _ queue: any ReplicationQueue) async {
    await queue.close()
    for store in stores.values { await store.close() }
  }
}
