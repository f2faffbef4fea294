import ArgumentParser
import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import Shared

/// `health-service run`.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Probe this region and answer load balancers until SIGTERM.")

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Option(help: "The address to listen on, HOST:PORT.")
  var listen: String = "127.0.0.1:8082"

  /// A snapshot not renewed for this long is unknown.
  private static let staleAfterMs: Int64 = 15_000

  func run() async throws {
    let configuration = try StartUp.configuration(path: config)
    let (host, port) = try StartUp.address(listen)
    LogSetup.bootstrap(service: "health-service", region: configuration.region)
    let logger = Logger(label: "health-service")

    let catalog = try await StartUp.catalog(configuration, service: "health-service")
    let stores = try StoreFactory.stores(configuration)
    let redis = try StartUp.redisProbe(configuration)
    let state = HealthState(
      region: configuration.region, home: configuration.home, staleAfterMs: Self.staleAfterMs,
      nowMs: { Int64(Date().timeIntervalSince1970 * 1000) })

    var probes = stores.values.map(StorageProbe.make(store:))
    probes.append(Probe(target: .database) { try await catalog.probeWrite() })
    probes.append(Probe(target: .redis) { try await redis.probe() })

    let server = Application(
      responder: HealthResponder(state: state),
      configuration: .init(address: .hostname(host, port: port), serverName: nil), logger: logger)
    let group = ServiceGroup(
      configuration: .init(
        services: [
          .init(service: Prober(probes: probes, state: state, logger: logger)),
          .init(
            service: Publisher(
              board: CatalogHealthBoard(catalog: catalog), state: state, interval: .seconds(2), logger: logger)),
          .init(service: server),
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    logger.info(
      "health service starting", metadata: ["listen": "\(listen)", "home": "\(configuration.home)"])
    try await group.run()
    await catalog.close()
    for store in stores.values { await store.close() }
  }
}
