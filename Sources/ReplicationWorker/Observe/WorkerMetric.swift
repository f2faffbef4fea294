import Shared

/// What a worker counts and shows. Labels are locations, lanes, classes of slots, configured receivers and small fixed sets,
/// so the number of series does not grow with what is stored.
enum WorkerMetric: String, DeclaredMetric {
  case bucketDoubtful = "meridian_bucket_doubtful"
  case collectedBytesTotal = "meridian_collected_bytes_total"
  case collectedRowsTotal = "meridian_collected_rows_total"
  case collectionRoundSeconds = "meridian_collection_round_seconds"
  case collectionRoundsTotal = "meridian_collection_rounds_total"
  case deletedObjectsTotal = "meridian_deleted_objects_total"
  case deletionFailuresTotal = "meridian_deletion_failures_total"
  case deletionsFailing = "meridian_deletions_failing"
  case deletionsOldestSeconds = "meridian_deletions_oldest_seconds"
  case deletionsWaiting = "meridian_deletions_waiting"
  case driftObjects = "meridian_drift_objects"
  case locationBytes = "meridian_location_bytes"
  case locationObjects = "meridian_location_objects"
  case locationOldestVerifiedSeconds = "meridian_location_oldest_verified_seconds"
  case locationQuarantinedObjects = "meridian_location_quarantined_objects"
  case replicationAtRiskBytes = "meridian_replication_at_risk_bytes"
  case replicationAtRiskObjects = "meridian_replication_at_risk_objects"
  case replicationBytesTotal = "meridian_replication_bytes_total"
  case replicationCopiesTotal = "meridian_replication_copies_total"
  case replicationCopySeconds = "meridian_replication_copy_seconds"
  case replicationFailingObjects = "meridian_replication_failing_objects"
  case replicationFailuresTotal = "meridian_replication_failures_total"
  case replicationLagSeconds = "meridian_replication_lag_seconds"
  case replicationLinkParts = "meridian_replication_link_parts"
  case replicationOldestPendingSeconds = "meridian_replication_oldest_pending_seconds"
  case replicationParkedObjects = "meridian_replication_parked_objects"
  case replicationPendingBytes = "meridian_replication_pending_bytes"
  case replicationPendingObjects = "meridian_replication_pending_objects"
  case replicationReadBytesTotal = "meridian_replication_read_bytes_total"
  case replicationResumedBytesTotal = "meridian_replication_resumed_bytes_total"
  case replicationResumedTotal = "meridian_replication_resumed_total"
  case replicationSourceLostObjects = "meridian_replication_source_lost_objects"
  case storeBreakerOpenedTotal = "meridian_store_breaker_opened_total"
  case storeBreakerState = "meridian_store_breaker_state"
  case storeFailuresTotal = "meridian_store_failures_total"
  case verificationAgeSeconds = "meridian_verification_age_seconds"
  case verifiedCopiesTotal = "meridian_verified_copies_total"
  case workerCopiesRunning = "meridian_worker_copies_running"
  case workerEventsTotal = "meridian_worker_events_total"
  case workerImageReadableSeconds = "meridian_worker_image_readable_seconds"
  case workerMemoryLimitBytes = "meridian_worker_memory_limit_bytes"
  case workerMemoryReservedBytes = "meridian_worker_memory_reserved_bytes"
  case workerSlots = "meridian_worker_slots"

  var shape: MetricShape {
    switch self {
    case .bucketDoubtful:
      .gauge("1 while so many copies are missing at a location that its bucket may be lost or another one.", "location")
    case .collectedBytesTotal: .counter("Bytes of blobs removed by garbage collection, one copy counted each.")
    case .collectedRowsTotal: .counter("Links, blobs and manifests removed by garbage collection.", "kind")
    case .collectionRoundSeconds: .gauge("How long the last whole round took.")
    case .collectionRoundsTotal: .counter("Whole rounds of garbage collection.")
    case .deletedObjectsTotal: .counter("Objects deleted, by location.", "location")
    case .deletionFailuresTotal: .counter("Tries to delete an object that failed, by location.", "location")
    case .deletionsFailing: .gauge("Objects whose deletion was tried and failed, by location.", "location")
    case .deletionsOldestSeconds: .gauge("Age of the oldest record of an object to be deleted.", "location")
    case .deletionsWaiting: .gauge("Objects on record for deletion, by location.", "location")
    case .driftObjects: .gauge("What the last comparison of a bucket with the database found.", "location", "kind")
    case .locationBytes: .gauge("Bytes of verified copies, by location.", "location")
    case .locationObjects: .gauge("Verified copies, by location.", "location")
    case .locationOldestVerifiedSeconds:
      .gauge(
        "Time since the bytes of the copy verified longest ago were last hashed, by location; 0 without copies.",
        "location")
    case .locationQuarantinedObjects: .gauge("Copies found wrong and put aside, by location.", "location")
    case .replicationAtRiskBytes: .gauge("Bytes of blobs whose only verified copy is at this location.", "location")
    case .replicationAtRiskObjects: .gauge("Blobs whose only verified copy is at this location.", "location")
    case .replicationBytesTotal: .counter("Bytes copied and verified, by target.", "target")
    case .replicationCopiesTotal: .counter("Copies finished, by target and outcome.", "target", "outcome")
    case .replicationCopySeconds:
      .histogram(
        "Time of one copy from claim to confirmation, by target.", "target",
        buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800])
    case .replicationFailingObjects: .gauge("Waiting blobs whose copy has failed before, by target.", "target")
    case .replicationFailuresTotal: .counter("Attempts that failed, by target and cause.", "target", "cause")
    case .replicationLagSeconds:
      .histogram(
        "Time from the push (or whatever else asked for the copy) to the verified copy, by target and lane.", "target",
        "lane", buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400])
    case .replicationLinkParts:
      .gauge("Ranges of large blobs that may be fetched at once, by source and target.", "source", "target")
    case .replicationOldestPendingSeconds:
      .gauge("Age of the oldest blob that waits to be copied, by target and lane; 0 for none.", "target", "lane")
    case .replicationParkedObjects: .gauge("Blobs set aside after too many failures, by target.", "target")
    case .replicationPendingBytes: .gauge("Bytes that wait to be copied, by target and lane.", "target", "lane")
    case .replicationPendingObjects: .gauge("Blobs that wait to be copied, by target and lane.", "target", "lane")
    case .replicationReadBytesTotal:
      .counter("Bytes read from sources, by target, those read in vain included.", "target")
    case .replicationResumedBytesTotal:
      .counter("Bytes that checkpoints saved from being read again, by target.", "target")
    case .replicationResumedTotal: .counter("Copies that went on from a checkpoint, by target.", "target")
    case .replicationSourceLostObjects: .gauge("Blobs no intact copy of which is left, by target.", "target")
    case .storeBreakerOpenedTotal: .counter("How often a store was begun to be left alone, by location.", "location")
    case .storeBreakerState: .gauge("0 closed, 1 half-open, 2 open: whether a store is left alone.", "location")
    case .storeFailuresTotal: .counter("Calls that failed by the store's fault, by location.", "location")
    case .verificationAgeSeconds: .gauge("Time since the copy verified longest ago was verified.", "location", "depth")
    case .verifiedCopiesTotal:
      .counter("Copies looked at, by location, depth and what was found.", "location", "depth", "finding")
    case .workerCopiesRunning: .gauge("Copies under way, by target and class of slot.", "target", "class")
    case .workerEventsTotal: .counter("Attempts to bring events to receivers.", "receiver", "outcome")
    case .workerImageReadableSeconds:
      .histogram("From the push of an image to its being readable at a location.", "location")
    case .workerMemoryLimitBytes: .gauge("Memory that copies may hold, by target.", "target")
    case .workerMemoryReservedBytes: .gauge("Memory that copies hold, by target.", "target")
    case .workerSlots: .gauge("Copies that may be under way at once, by target and class.", "target", "class")
    }
  }
}

extension WorkerMetric {
  /// Declares everything `replication-worker run` exposes.
  static func declareAll(in registry: MetricsRegistry) {
    registry.declare(Self.self)
    registry.declare(CatalogMetric.self)
  }
}
