import Logging
import ServiceLifecycle
import Shared

/// The stores as requests use them, with all that watches them; put together once at start-up.
struct WatchedStores: Sendable {
  /// The store of every configured location, observed.
  let stores: [LocationID: any BlobStore]
  /// Which of them work.
  let health: StoreHealth
  /// What is learned from the copies that pulls read.
  let watch: CopyWatch
  /// Whether clients may be sent to a copy.
  let gate: RedirectGate
  /// What runs beside the requests.
  let background: [any Service]

  /// Watches `engines`, of which this region prefers some; with `isReadOnly` copies found bad are left as they are
  /// (`REGISTRY_STATE: readonly`).
  init(
    _ engines: [LocationID: any BlobStore], preference: [LocationID], isReadOnly: Bool = false, catalog: Catalog,
    announcer: JobAnnouncer, metrics: RegistryMetrics, logger: Logger
  ) {
    let health = StoreHealth(locations: engines.keys)
    let writes = WritesUnderWay()
    let stores = engines.mapValues { ObservedStore(base: $0, health: health, writes: writes) as any BlobStore }
    let samples = KnownObjects()
    let prover = StoreProver(
      stores: stores, preference: preference, samples: samples, health: health, metrics: metrics, logger: logger,
      refill: { location in
        do {
          try await samples.refill(location, from: catalog)
        } catch {
          logger.debug("no objects to prove a store by", metadata: ["location": "\(location)", "error": "\(error)"])
        }
      })
    let doubts = DoubtfulCopies(
      stores: stores, samples: samples, catalog: catalog, announcer: announcer, metrics: metrics, logger: logger)
    watch = CopyWatch(
      health: health, samples: samples, doubt: { if !isReadOnly { doubts.note($0, of: $1, $2) } },
      metrics: metrics, logger: logger)
    gate = RedirectGate(stores: stores, health: health, prover: prover, watch: watch)
    background = [writes, prover, doubts]
    self.stores = stores
    self.health = health
  }
}
