import Foundation
import Logging
import Shared

/// Every probe of one health service, and what they hold open.
struct ProbeSet: Sendable {
  let probes: [Probe]
  private let canaries: [StorageCanary]
  private let stores: [any BlobStore]
  private let clients: [PlainHTTP]
  private let replica: Catalog?

  /// Opens what the probes need without contacting anything.
  init(
    _ configuration: Configuration, catalog: Catalog, board: RedisHealthBoard, instance: String, clock: HealthClock
  ) throws {
    let settings = configuration.health
    let (interval, deadline) = (settings.probeInterval, settings.probeDeadline)
    let thresholds = Hysteresis.Thresholds(rise: settings.probeRise, fall: settings.probeFall)
    var deadlines = StoreDeadlines()
    // A look that has missed its deadline is given up; the store's own limits only have to end it some time.
    deadlines.connect = deadline
    deadlines.small = deadline * 2
    deadlines.stall = deadline * 2
    let stores = try Startup.stores(configuration, maximumConnections: 4, deadlines: deadlines)
    let modes = WriteModes(isReadOnly: configuration.registryState == .readonly)
    let canaries = stores.mapValues { StorageCanary(store: $0, isReadOnly: modes.isReadOnly) }
    let replica = try Startup.replicaCatalog(configuration, service: "health-service")
    let http = try PlainHTTP(caBundlePath: settings.caBundlePath)
    let fresh = try PlainHTTP(caBundlePath: settings.caBundlePath, keepsConnections: false)

    var probes = canaries.sorted { $0.key < $1.key }.flatMap { location, canary in
      StorageProbe.make(
        canary, location: location, interval: interval, deadline: deadline, thresholds: thresholds)
    }
    probes += DatabaseProbe.make(
      catalog: catalog, replica: replica, prober: "health-service-\(instance)", modes: modes)
    if let replica { probes.append(DatabaseProbe.replicaLag(replica: replica, warnAfter: settings.replicaLagWarn)) }
    probes.append(
      RedisProbe.make(board, instance: instance, interval: interval, deadline: deadline, thresholds: thresholds))
    probes.append(
      ReplicationProbe.make(
        catalog: catalog, location: configuration.home, warnAfter: settings.replicationWarn))
    probes.append(DiskProbe.make(paths: Self.diskPaths(configuration), warnPercent: settings.diskWarnPercent))

    let own = configuration.regions.first { $0.name == configuration.region }
    if let api = own?.api {
      probes.append(
        CanaryProbe.make(
          CanaryPull(
            http: http, api: api, repository: settings.canaryRepository, login: Self.login(configuration),
            mayPush: configuration.registryState == .normal && !configuration.pushesDisabled),
          thresholds: thresholds))
    }
    if let certificates = CertificateProbe.make(
      urls: [own?.api, own?.health].compactMap { $0 }, http: fresh, warnDays: settings.certificateWarnDays,
      nowSeconds: { clock.wallMs() / 1000 })
    {
      probes.append(certificates)
    }
    let askedWithin: Duration = .seconds(2)
    probes.append(
      ClockProbe.make(
        references: [ClockProbe.database(catalog, within: askedWithin, nowMs: clock.wallMs)]
          + Self.origins(configuration).map {
            ClockProbe.http($0, http: http, within: askedWithin, nowMs: clock.wallMs)
          },
        subjects: (own?.api).map {
          [ClockProbe.http($0 + "/v2/", http: http, within: askedWithin, nowMs: clock.wallMs)]
        } ?? [],
        warnAfter: settings.clockWarn, failAfter: settings.clockFail))
    self.probes = probes
    self.canaries = Array(canaries.values)
    self.stores = Array(stores.values)
    clients = [http, fresh]
    self.replica = replica
  }

  /// Takes the canaries back and closes everything.
  func close() async {
    await withDiscardingTaskGroup { group in
      for canary in canaries { group.addTask { await canary.remove() } }
    }
    for client in clients { await client.close() }
    for store in stores { await store.close() }
    await replica?.close()
  }

  /// Where canaries are pulled and pushed as: the first superuser.
  private static func login(_ configuration: Configuration) -> (user: String, password: Secret)? {
    guard configuration.authentication == .superusers, let user = configuration.superUsers.first,
      let password = configuration.superuserPassword
    else { return nil }
    return (user, password)
  }

  /// Scheme, host and port of the stores that are reached over HTTP: their answers tell the time, whatever they answer.
  private static func origins(_ configuration: Configuration) -> [String] {
    let origins = configuration.locations.compactMap { location -> String? in
      let summary = location.engine.summary
      guard summary.hasPrefix("http"), let mark = summary.firstRange(of: "://") else { return nil }
      return String(summary[..<mark.upperBound]) + String(summary[mark.upperBound...].prefix { $0 != "/" }) + "/"
    }
    return Set(origins).sorted()
  }

  /// The folders whose disks this region's processes write to, as far as they are on this host.
  private static func diskPaths(_ configuration: Configuration) -> [String] {
    let roots = configuration.locations.compactMap { location -> String? in
      guard case .local(let settings) = location.engine, location.id == configuration.home else { return nil }
      return settings.rootPath
    }
    return Set([NSTemporaryDirectory()] + roots + configuration.health.diskPaths).sorted()
  }
}
