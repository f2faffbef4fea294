import Logging
import Shared

/// What answering requests needs, put together once at start-up.
struct RegistryServices: Sendable {
  let settings: RegistrySettings
  let catalog: Catalog
  let watched: WatchedStores
  let gate: AccessGate
  let manifests: ManifestCache
  let room: TransferRoom
  let announcer: JobAnnouncer
  /// Where pushes go.
  let pushLocation: PushLocation
  /// Nil where replication is off.
  let urgent: UrgentCopies?
  let deletions: ObjectDeletions
  let throttle: AdminThrottle
  let metrics: RegistryMetrics
  let logger: Logger
}

extension RegistryServices {
  /// The store of every configured location.
  var stores: [LocationID: any BlobStore] { watched.stores }
  /// Which of them work.
  var health: StoreHealth { watched.health }
  /// What is learned from the copies that pulls read.
  var copyWatch: CopyWatch { watched.watch }
}

/// The part of the configuration that requests are answered by.
struct RegistrySettings: Sendable {
  /// Where this region's pushes go.
  let home: LocationID
  /// Where copies must be.
  let requiredLocations: [LocationID]
  /// The locations pulls are served from, nearest first.
  let preference: [LocationID]
  let proxyStorage: Bool
  let acceptsPushes: Bool
  /// Whether nothing may be changed at all (`REGISTRY_STATE: readonly`).
  var isReadOnly = false
  let maximumLayerBytes: Int64
  let maximumManifestBytes: Int
  let uploadLifetime: Duration
  let presignLifetime: Duration
  /// How long garbage collection keeps away from a pushed blob that no manifest refers to yet (I7).
  let linkLease: Duration
  /// Upload sessions one principal may have open; docker leaves some behind, which end after an hour.
  var maximumUploadsPerPrincipal = 2000
  /// Whether an index may list manifests its repository lacks (FEATURE_SPARSE_INDEX).
  var allowsSparseIndexes = false
}

extension RegistrySettings {
  /// Takes what is needed from the configuration.
  init(_ configuration: Configuration) {
    self.init(
      home: configuration.home, requiredLocations: configuration.requiredLocations,
      preference: configuration.preference, proxyStorage: configuration.proxyStorage,
      acceptsPushes: configuration.registryState == .normal && !configuration.pushesDisabled,
      isReadOnly: configuration.registryState == .readonly,
      maximumLayerBytes: configuration.limits.maximumLayerSizeBytes,
      maximumManifestBytes: configuration.limits.maximumManifestBytes,
      uploadLifetime: configuration.limits.uploadSessionLifetime, presignLifetime: configuration.limits.presignLifetime,
      linkLease: configuration.limits.linkLease,
      allowsSparseIndexes: configuration.sparseIndexesAllowed)
  }
}
