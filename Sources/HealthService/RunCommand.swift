import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import Shared
import UnixSignals

/// `health-service run`.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Probe this region and answer load balancers until SIGTERM.")

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Option(help: "The address to listen on, HOST:PORT.")
  var listen: String = "127.0.0.1:8082"

  @Option(help: "Answer HAProxy's agent checks at this address too, HOST:PORT.")
  var agentListen: String?

  func run() async throws {
    try await CommandOutcome.report("health-service") { try await serve() }
  }

  private func serve() async throws {
    let (configuration, notices) = try Startup.configuration(path: config)
    let address = try Startup.address(listen)
    let agentAddress = try agentListen.map { text in try Startup.address(text, of: "--agent-listen") }
    LogSetup.bootstrap(service: "health-service", region: configuration.region)
    let logger = Logger(label: "health-service")

    Startup.report(notices, to: logger)
    let catalog = try await Startup.catalog(
      configuration, service: "health-service", logger: logger, routesReads: true)
    HealthMetrics.shared.showPools(of: catalog)
    let stores = try Startup.stores(configuration)
    let queue = Startup.queue(configuration, logger: logger)
    let replica = try Startup.replicaCatalog(configuration, service: "health-service")
    let modes = WriteModes(isReadOnly: configuration.registryState == .readonly)
    var probes = stores.values.map { StorageProbe.make(store: $0, isReadOnly: modes.isReadOnly) }
    probes.append(
      DatabaseProbe.make(
        catalog: catalog, replica: replica, prober: "health-service-\(configuration.region)", modes: modes))
    probes.append(
      Probe(target: .redis) {
        try await queue.probe()
        return .pass
      })
    let state = HealthState(
      region: configuration.region, home: configuration.home,
      instance: "\(configuration.region)-\(RandomIdentifier().hex.prefix(8))",
      policy: VerdictPolicy(regions: configuration.regions.map(\.name.description)), expected: probes)

    let page = try PageAssembly(
      configuration: configuration, state: state, catalog: catalog,
      // The database has the jobs; a doorbell that cannot be rung costs them a few seconds.
      announce: { try? await queue.announce($0) }, logger: logger)
    let front = HealthFront(
      state: state, configuration: configuration, listen: address, agentListen: agentAddress, logger: logger
    ) { request, context in try await page.routes.respond(to: request, context: context) }
    let group = ServiceGroup(
      configuration: .init(
        services: [
          .init(service: Prober(probes: probes, state: state, logger: logger)),
          .init(
            service: Publisher(
              board: CatalogHealthBoard(catalog: catalog), state: state, interval: .seconds(2), logger: logger)),
          .init(service: page.beat),
        ] + front.services.map { .init(service: $0) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    logger.info(
      "health service starting", metadata: ["listen": "\(listen)", "home": "\(configuration.home)"])
    try await group.run()
    await queue.close()
    await catalog.close()
    await replica?.close()
    for store in stores.values { await store.close() }
  }
}
