import HTTPTypes
import Logging
import ServiceLifecycle
import Shared
import Synchronization
import TestSupport

@testable import RegistryAPI

/// A registry on a loopback port: the real server and a real PostgreSQL, with stores in memory.
struct RegistryFixture: Sendable {
  /// One running instance.
  struct Instance: Sendable {
    let port: Int
    let services: RegistryServices

    /// Sends one request on a connection of its own.
    func send(
      _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws -> WireClient.Answer {
      let client = try await WireClient.connect(port: port)
      let answer = try await client.exchange(method, target, headers: headers, body: body)
      await client.close()
      return answer
    }
  }

  let catalog: CatalogFixture
  let us: MemoryStore
  let eu: MemoryStore
  let queue: MemoryReplicationQueue
  let instances: [Instance]

  /// The first instance.
  var api: Instance { instances[0] }

  /// Runs `body` against `count` instances that share database and stores; the first is of region us, others of eu.
  static func with(
    instances count: Int = 1, gate: AccessGate? = nil, proxy: Bool = true, maximumLayerBytes: Int64 = 1 << 30,
    acceptsPushes: Bool = true, isReadOnly: Bool = false, connections: ConnectionLimits = ConnectionLimits(),
    maximumUploads: Int = 2000, sparse: Bool = false, uploadLifetime: Duration = .seconds(3600),
    throttle: AdminThrottle = AdminThrottle(), writeFailover: Bool = true,
    decorating: @Sendable (MemoryStore) -> any BlobStore = { $0 },
    _ body: @escaping @Sendable (RegistryFixture) async throws -> Void
  ) async throws {
    try await CatalogFixture.with(poolSize: 6) { catalog in
      let path = StoragePath("registry")
      guard let path else { throw WireClient.Failure.malformed }
      let limits = PartLimits(
        minimumPartBytes: 5 << 20, maximumPartBytes: 5 << 30, maximumParts: 10_000, maximumSinglePutBytes: 5 << 30)
      let us = MemoryStore(location: catalog.us, storagePath: path, partLimits: limits)
      let eu = MemoryStore(location: catalog.eu, storagePath: path, partLimits: limits)
      let engines = [catalog.us: decorating(us), catalog.eu: eu as any BlobStore]
      let queue = MemoryReplicationQueue()
      var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      logger.logLevel = .critical
      let metrics = RegistryMetrics(registry: MetricsRegistry())
      let announcer = JobAnnouncer(queue: queue, metrics: metrics, logger: logger)
      let watched = WatchedStores(
        engines, preference: [catalog.us, catalog.eu], catalog: catalog.catalog, announcer: announcer,
        metrics: metrics, logger: logger)
      for location in engines.keys { watched.health.recordProof(location, .works) }
      let deletions = ObjectDeletions(catalog: catalog.catalog, stores: watched.stores, logger: logger)
      let gate =
        gate
        ?? AccessGate(mode: .open, origin: RegistryOrigin(scheme: "http", serverHostname: "r", regionHostnames: []))
      var instances: [Instance] = []
      var services: [any Service] = [announcer, deletions] + watched.background
      let ports = Ports()
      for index in 0..<count {
        let preference = index == 0 ? [catalog.us, catalog.eu] : [catalog.eu, catalog.us]
        let urgent = UrgentCopies(
          home: preference[0], isDefaultLocation: true, catalog: catalog.catalog, announcer: announcer,
          metrics: metrics, logger: logger)
        services.append(urgent)
        let registry = RegistryServices(
          settings: RegistrySettings(
            home: preference[0], requiredLocations: [catalog.us, catalog.eu], preference: preference,
            proxyStorage: proxy,
            acceptsPushes: acceptsPushes, isReadOnly: isReadOnly, maximumLayerBytes: maximumLayerBytes,
            maximumManifestBytes: 4 << 20,
            uploadLifetime: uploadLifetime, presignLifetime: .seconds(300), linkLease: .seconds(3600),
            maximumUploadsPerPrincipal: maximumUploads, allowsSparseIndexes: sparse),
          catalog: catalog.catalog, watched: watched,
          gate: gate, manifests: ManifestCache(),
          room: TransferRoom(memoryBytes: 64 << 20, spool: try Spool()), announcer: announcer,
          pushLocation: PushLocation(
            preference: preference, health: writeFailover ? watched.health : nil, catalog: catalog.catalog,
            logger: logger),
          urgent: urgent,
          deletions: deletions,
          throttle: throttle, metrics: metrics,
          logger: logger)
        services.append(
          try RegistryListener(
            services: registry, address: ListenAddress(host: "127.0.0.1", port: 0), logger: logger,
            connections: connections,
            onRunning: { port in ports.add(index, port) }))
        instances.append(Instance(port: 0, services: registry))
      }
      let group = ServiceGroup(configuration: .init(services: services, logger: logger))
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        let running = try await ports.wait(for: count)
        instances = instances.enumerated().map { Instance(port: running[$0] ?? 0, services: $1.services) }
        let fixture = RegistryFixture(catalog: catalog, us: us, eu: eu, queue: queue, instances: instances)
        do {
          try await body(fixture)
        } catch {
          await group.triggerGracefulShutdown()
          throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
      }
    }
  }

  /// Waits until a request holds the lock of an upload session.
  func untilLocked() async throws {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
      if try await catalog.number("SELECT count(*) FROM upload_sessions WHERE lock_token IS NOT NULL") > 0 { return }
    }
    throw WireClient.Failure.timedOut
  }

  /// The ports the instances listen on, as they come up.
  private final class Ports: Sendable {
    private let known = Mutex<[Int: Int]>([:])

    func add(_ index: Int, _ port: Int) { known.withLock { $0[index] = port } }

    func wait(for count: Int) async throws -> [Int: Int] {
      let end = ContinuousClock.now + .seconds(20)
      while ContinuousClock.now < end {
        let ports = known.withLock { $0 }
        if ports.count == count { return ports }
        try await Task.sleep(for: .milliseconds(5))
      }
      throw WireClient.Failure.timedOut
    }
  }
}

extension WireClient {
  /// Sends a whole request and reads its answer.
  func exchange(
    _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8]? = nil
  ) async throws -> Answer {
    try await send(Self.head(method, target, headers: headers, length: body?.count))
    if let body { try await send(body) }
    return try await answer(toHead: method == "HEAD")
  }

  /// The head of a request, with `Content-Length` where a length is given.
  static func head(_ method: String, _ target: String, headers: [String: String] = [:], length: Int? = nil) -> String {
    var text = "\(method) \(target) HTTP/1.1\r\n"
    if headers["Host"] == nil { text += "Host: r\r\n" }
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    if let length { text += "Content-Length: \(length)\r\n" }
    return text + "\r\n"
  }
}
