import Logging
import Shared

/// Puts together what copies to one target.
struct TargetAssembly {
  /// Slots kept for blobs somebody waits for.
  static let expressSlots = 2

  let store: any BlobStore
  /// Every configured store, by location.
  let stores: [LocationID: any BlobStore]
  let preference: [LocationID]
  let catalog: Catalog
  let queue: any ReplicationQueue
  /// The worker's name in leases and in the queue.
  let worker: String
  let limits: TransferLimits
  /// How many blobs of each class are copied at once.
  let slots: [JobClass: JobSlots]
  let express = JobSlots(count: expressSlots)
  /// Told of the blob of every job that has ended.
  let arrivals: ArrivalWatch?
  let logger: Logger

  /// What the metrics show of this target's slots and memory.
  var gauges: WorkerGauges.Target {
    WorkerGauges.Target(location: store.location, slots: slots, express: express, memory: limits.memory)
  }

  /// The service that does this target's jobs.
  var service: TargetWorker {
    let pace = FeedPace()
    let bell = Bell()
    let gate = TargetGate(store: store, breakers: limits.breakers, probeInterval: pace.probeInterval)
    let claims = CatalogClaims(catalog: catalog, target: store.location, worker: worker, lease: pace.lease)
    let brake = FutilityBrake()
    let runner = runner
    return TargetWorker(
      doorbell: Doorbell(
        target: store.location, consumer: worker, queue: queue, bell: bell, pace: pace, pause: .real, logger: logger),
      express: ExpressLane(claims: claims, slots: express, gate: gate, logger: logger),
      feeds: slots.map { jobClass, slots in
        JobFeed(
          jobClass: jobClass, target: store.location, claims: claims, slots: slots, gate: gate, brake: brake,
          bell: bell, pace: pace, pause: .real, logger: logger)
      },
      work: { [arrivals] job in
        brake.record(await runner.run(job))
        arrivals?.ended(job.blob)
      },
      leases: LeaseKeeper(lease: pace.lease, logger: logger) { [catalog] jobs, lease in
        try await catalog.extendLeases(jobs, lease: lease)
      },
      gate: gate, pace: pace, pause: .real, logger: logger)
  }

  private var runner: JobRunner {
    let pause: @Sendable (Duration) async -> Void = { duration in
      // Never cancelled: it runs in the batcher's own task.
      try? await ContinuousClock().sleep(for: duration)
    }
    return JobRunner(
      copier: BlobCopier(
        context: CopyContext(
          target: store, stores: stores, preference: preference, records: catalog, limits: limits,
          links: CopyLinks(registry: .shared), logger: logger)),
      catalog: catalog, completions: CompletionBatcher(catalog: catalog, pause: pause), retry: RetryPolicy(),
      metrics: WorkerMetrics(registry: .shared), logger: logger)
  }
}
