import ArgumentParser
import Logging
import ServiceLifecycle
import Shared

/// What `run` does beside copying so that the locations stay right: collection, deletion, verification, comparison.
struct UpkeepOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The time between two rounds of garbage collection; 0 for none.", valueName: "duration"))
  var gcInterval = DurationArgument(seconds: 900)

  @Option(
    help: ArgumentHelp(
      "How long objects outlive their blob. Default: the lifetime of download URLs and an hour.", valueName: "duration")
  )
  var gcGrace: DurationArgument?

  @Option(
    help: ArgumentHelp("The time between two looks for objects that are to be deleted.", valueName: "duration"))
  var deletionInterval = DurationArgument(seconds: 30)

  @Option(help: "How many copies each location is asked for per second, those asked for longest ago first; 0 for none.")
  var verifyHeadsPerSecond = 20

  @Option(
    help: ArgumentHelp(
      "How many bytes per second of each location are read and hashed (4M, 512K); 0 for none.", valueName: "bytes"))
  var verifyBytesPerSecond = ByteRateArgument(mebibytes: 4)

  @Option(help: ArgumentHelp("The age from which a copy is asked for again.", valueName: "duration"))
  var verifyHeadsEvery = DurationArgument(seconds: 86_400)

  @Option(help: ArgumentHelp("The age from which a copy's bytes are hashed again.", valueName: "duration"))
  var verifyBytesEvery = DurationArgument(seconds: 7 * 86_400)

  @Option(
    help: ArgumentHelp(
      "The time between two comparisons of each bucket with the database; 0 for none.", valueName: "duration"))
  var driftInterval = DurationArgument(seconds: 86_400)

  @Option(
    help: ArgumentHelp(
      "The age from which an object or an open upload that nothing refers to is deleted.", valueName: "duration"))
  var driftGrace = DurationArgument(seconds: 86_400)

  /// Refuses what would make a service spin.
  mutating func validate() throws {
    guard (0...100_000).contains(verifyHeadsPerSecond) else {
      throw ValidationError("--verify-heads-per-second is 0 to 100000")
    }
    guard driftGrace.duration >= .seconds(60) else { throw ValidationError("--drift-grace is at least 1m") }
    guard deletionInterval.duration > .zero else { throw ValidationError("--deletion-interval is at least 1s") }
  }

  /// The default grace: nobody can use a URL any more, and a download begun with the last one has had an hour.
  static func defaultGrace(_ configuration: Configuration) -> Duration {
    configuration.limits.presignLifetime + .seconds(3600)
  }

  /// The services of a worker for its own locations; `worker` names the process.
  func services(
    targets: [any BlobStore], configuration: Configuration, catalog: Catalog, queue: any ReplicationQueue,
    worker: String, logger: Logger
  ) -> [any Service] {
    var services: [any Service] = targets.map { store in
      ObjectSweeper(
        store: store, catalog: catalog, pace: ObjectSweeper.Pace(interval: deletionInterval.duration), logger: logger)
    }
    if gcInterval.duration > .zero {
      let plan = Collector.Plan(grace: gcGrace?.duration ?? Self.defaultGrace(configuration))
      services.append(
        CollectionService(
          collector: Collector(catalog: catalog, holder: worker, plan: plan, logger: logger),
          interval: gcInterval.duration, logger: logger))
    }
    for store in targets {
      services += verification(of: store, catalog: catalog, queue: queue, worker: worker, logger: logger)
      guard driftInterval.duration > .zero else { continue }
      services.append(
        DriftService(
          repair: DriftRepair(
            store: store, catalog: catalog,
            plan: DriftRepair.Plan(mayChange: true, grace: driftGrace.duration, objectsPerSecond: 500),
            announce: { await queue.announceIfPossible($0) }, logger: logger),
          holder: worker, interval: driftInterval.duration, logger: logger))
    }
    return services
  }

  /// The two sweeps of a location, as far as they are wanted.
  private func verification(
    of store: any BlobStore, catalog: Catalog, queue: any ReplicationQueue, worker: String, logger: Logger
  ) -> [any Service] {
    let bytePace = RatePace(perSecond: Double(verifyBytesPerSecond.bytes))
    let copyPace = RatePace(perSecond: Double(verifyHeadsPerSecond))
    let verifier = { (parallel: Int) in
      CopyVerifier(
        store: store, catalog: catalog, inspector: CopyInspector(store: store, admit: { try await bytePace.admit($0) }),
        parallel: parallel, announce: { await queue.announceIfPossible($0) }, logger: logger)
    }
    var services: [any Service] = []
    if verifyHeadsPerSecond > 0 {
      services.append(
        VerificationService(
          verifier: verifier(4), depth: .presence, holder: worker,
          pace: VerificationService.Pace(
            age: verifyHeadsEvery.duration, page: min(max(verifyHeadsPerSecond * 5, 20), 500)),
          admit: { try await copyPace.admit(1) }, logger: logger))
    }
    if verifyBytesPerSecond.bytes > 0 {
      services.append(
        VerificationService(
          verifier: verifier(1), depth: .content, holder: worker,
          pace: VerificationService.Pace(age: verifyBytesEvery.duration, page: 20), admit: {}, logger: logger))
    }
    return services
  }
}
