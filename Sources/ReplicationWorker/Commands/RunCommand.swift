import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import Shared
import UnixSignals

/// `replication-worker run`.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Copy blobs to this region's locations until SIGTERM.",
    discussion: """
      Jobs come from the database, rung for by the Redis queue; while Redis is away they are looked for every few \
      seconds. Small and large blobs have slots of their own, every location has memory and slots of its own, and a \
      store that fails is left alone and tried again with single copies, so nothing waits for what is broken elsewhere.

      On SIGTERM nothing more is claimed, large copies stop at their last checkpoint and go to other workers at once, \
      small ones finish; all within 25 seconds.

      EXAMPLES
        replication-worker run --config config.yaml
        replication-worker run --config config.yaml --metrics-address 127.0.0.1:9464
        replication-worker run --config config.yaml --bandwidth eustorage=400Mbit/s --memory 512
        replication-worker run --config config.yaml --locations eustorage,apstorage --large-concurrency 8
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Option(
    help: ArgumentHelp(
      "The locations to copy to, separated by commas. Default: this region's preferred location.",
      valueName: "id,id"))
  var locations: String?

  @Option(help: "How many small blobs (up to 4 MiB) are copied at once to each location.")
  var concurrency: Int = 64

  @Option(help: "How many large blobs are copied at once to each location, each in parallel parts.")
  var largeConcurrency: Int = 4

  @Option(
    help: """
      How many MiB all copies together may hold in memory, divided evenly between the locations, at least 16 for each. \
      Default: 96 for one location, 64 for each of several.
      """)
  var memory: Int?

  @Option(
    help: ArgumentHelp(
      """
      How fast this worker may copy to a location, for example eustorage=50MB/s or eustorage=400Mbit/s; may be repeated. \
      What all workers together may take is REPLICATION_BANDWIDTH_LIMITS of the configuration file.
      """, valueName: "id=rate"), transform: BandwidthArgument.init(parsing:))
  var bandwidth: [BandwidthArgument] = []

  @Option(
    help: ArgumentHelp(
      "Where to serve /metrics (Prometheus) and /livez, HOST:PORT. Default: nowhere.", valueName: "host:port"))
  var metricsAddress: String?

  @OptionGroup(title: "Upkeep")
  var upkeep: UpkeepOptions

  mutating func validate() throws {
    guard (1...1024).contains(concurrency) else { throw ValidationError("--concurrency is 1 to 1024") }
    guard (1...256).contains(largeConcurrency) else { throw ValidationError("--large-concurrency is 1 to 256") }
    if let memory, !(16...65536).contains(memory) { throw ValidationError("--memory is 16 to 65536 MiB") }
  }

  func run() async throws {
    try await CommandOutcome.report("replication-worker") { try await work() }
  }

  private func work() async throws {
    let (configuration, notices) = try Startup.configuration(path: config)
    LogSetup.bootstrap(service: "replication-worker", region: configuration.region)
    let logger = Logger(label: "replication-worker")
    Startup.report(notices, to: logger)
    let targets = try targets(of: configuration)
    let address = try metricsAddress.map { text throws(StartupError) in
      try Startup.address(text, of: "--metrics-address")
    }
    let own = try BandwidthArgument.limits(bandwidth, known: configuration.locations.map(\.id))
    let memoryBytes = try memoryBytes(targets: targets.count)
    let stores = try Startup.stores(
      configuration, maximumConnections: connections(targets: targets.count), deadlines: .copying)
    let catalog = try await Startup.catalog(configuration, service: "replication-worker", logger: logger)
    try await check(targets, catalog: catalog, logger: logger)
    let process = ProcessInfo.processInfo
    let worker = "\(process.hostName)-\(process.processIdentifier)-\(RandomIdentifier().hex.prefix(8))"

    let leases = RedisBandwidth(settings: configuration.redis)
    let pacing = BandwidthLimiter(
      own: own, overall: configuration.bandwidthLimits.filter { targets.contains($0.key) }, leases: leases,
      worker: worker,
      logger: logger)
    let notes = NotifyAssembly(targets: targets, configuration: configuration, catalog: catalog, logger: logger)
    let breakers = StoreBreakers(logger: logger)
    var services: [any Service] = []
    var queues: [any ReplicationQueue] = []
    var gauges: [WorkerGauges.Target] = []
    // As in Quay (workers/storagereplication.py), workers change nothing while the registry is read-only.
    let isWaiting = configuration.registryState == .readonly
    for target in targets where !isWaiting {
      guard let store = stores[target] else { continue }
      // A queue per target: one that waits at the doorbell holds its connection.
      let queue = Startup.queue(configuration, logger: logger)
      queues.append(queue)
      let assembly = TargetAssembly(
        store: store, stores: stores, preference: configuration.preference, catalog: catalog, queue: queue,
        worker: worker,
        limits: TransferLimits(
          memory: TransferMemory(capacityBytes: memoryBytes), breakers: breakers, pacing: pacing),
        slots: [.small: JobSlots(count: concurrency), .large: JobSlots(count: largeConcurrency)],
        arrivals: notes.watches[target], logger: logger)
      services.append(assembly.service)
      gauges.append(assembly.gauges)
    }
    services += notes.services
    let doorbell = Startup.queue(configuration, logger: logger)
    queues.append(doorbell)
    if isWaiting {
      logger.notice("REGISTRY_STATE is readonly: nothing is copied or deleted until it is normal and this restarts")
    } else {
      services += upkeep.services(
        targets: targets.compactMap { stores[$0] }, configuration: configuration, catalog: catalog, queue: doorbell,
        worker: worker, logger: logger)
      services.append(keeper(of: catalog, queue: doorbell, configuration: configuration, worker: worker))
      services.append(Housekeeping(chores: Housekeeping.chores(of: catalog), logger: logger))
    }
    services += observation(
      of: gauges, stores: stores.keys.sorted(), breakers: breakers, catalog: catalog, address: address, logger: logger)
    logger.info(
      "replication worker starting",
      metadata: [
        "targets": "\(targets.map(\.description).joined(separator: ","))", "worker": "\(worker)",
        "memoryMiB": "\((memoryBytes * Int64(targets.count)) >> 20)", "small": "\(concurrency)",
        "large": "\(largeConcurrency)",
      ])
    var group = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    group.maximumGracefulShutdownDuration = .seconds(25)
    try await ServiceGroup(configuration: group).run()
    for queue in queues { await queue.close() }
    await leases.close()
    await catalog.close()
    for store in stores.values { await store.close() }
  }

  /// The memory of each target's copies: divided, so that those to a target that hangs hold none of the others'.
  private func memoryBytes(targets: Int) throws(StartupError) -> Int64 {
    let count = Int64(max(1, targets))
    guard let memory else { return (count == 1 ? 96 : 64) << 20 }
    guard Int64(memory) >= 16 * count else {
      throw .refused("--memory \(memory) is too little for \(count) locations: each needs 16 MiB")
    }
    return (Int64(memory) << 20) / count
  }

  /// How many connections one store may need: a source serves the copies to all targets.
  private func connections(targets: Int) -> Int {
    min(1_024, max(1, targets) * (concurrency + TargetAssembly.expressSlots + Self.partConnections))
  }

  /// Connections for the parts of large blobs.
  private static let partConnections = 64

  /// The locations this worker copies to; refuses one that is not configured.
  private func targets(of configuration: Configuration) throws(StartupError) -> [LocationID] {
    guard configuration.replicationEnabled else {
      throw .refused("FEATURE_STORAGE_REPLICATION is off: there is nothing to copy")
    }
    guard let locations else { return [configuration.home] }
    let known = configuration.locations.map(\.id)
    return try locations.split(separator: ",").map { text throws(StartupError) in
      guard let id = known.first(where: { $0.description == text }) else {
        throw .locationUnknown(String(text), known: known)
      }
      return id
    }
  }
}
