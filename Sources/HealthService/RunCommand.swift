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

  @Option(help: "What this service is called among the region's health services; by default made of host and --listen.")
  var instance: String?

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
    let pending = try Startup.pendingCatalog(
      configuration, service: "health-service", logger: logger, routesReads: true)
    let catalog = pending.catalog
    HealthMetrics.shared.showPools(of: catalog)
    let isPrepared = try await CatalogPreparation.attempt(pending, logger: logger)
    let queue = Startup.queue(configuration, logger: logger)
    let board = RedisHealthBoard(settings: configuration.redis)
    let name = instance ?? Self.instanceName(region: configuration.region, listen: listen)
    let clock = HealthClock.system
    let probes = try ProbeSet(configuration, catalog: catalog, board: board, instance: name, clock: clock)
    let state = HealthState(
      region: configuration.region, home: configuration.home, instance: name, policy: VerdictPolicy(configuration),
      expected: probes.probes, clock: clock)

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
          .init(service: CatalogPreparation(pending: pending, isPrepared: isPrepared, logger: logger)),
          .init(service: Prober(probes: probes.probes, state: state, logger: logger)),
          .init(service: ExchangeLoop.redis(board, state: state, logger: logger)),
          .init(
            service: ExchangeLoop.database(CatalogHealthBoard(catalog: catalog), state: state, logger: logger)),
          .init(service: page.beat),
        ] + front.services.map { .init(service: $0) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    logger.info(
      "health service starting",
      metadata: ["listen": "\(listen)", "home": "\(configuration.home)", "instance": "\(name)"])
    try await group.run()
    await probes.close()
    await queue.close()
    await board.close()
    await catalog.close()
  }

  /// A name that stays the same when the process starts again, and tells nobody the host's.
  private static func instanceName(region: RegionName, listen: String) -> String {
    "\(region)-\(Digest(of: "\(ProcessInfo.processInfo.hostName) \(listen)".utf8).hex.prefix(6))"
  }
}
