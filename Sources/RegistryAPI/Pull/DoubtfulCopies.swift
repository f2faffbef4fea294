import Logging
import ServiceLifecycle
import Shared
import Synchronization

/// Looks again, behind the requests, at copies that a pull found missing or wrong; puts them aside and has them healed.
///
/// A store that is away, or has been mixed up with another one, must never look like one that has lost its objects:
/// a copy is put aside only when its store answers, says the same twice, and still holds most of what it should
/// (`LossGuard`); and one with wrong bytes only while there is another copy, for the line to the store may be at fault.
/// Bounded and best effort: what is dropped here is found by verification (G13).
final class DoubtfulCopies: Service {
  /// What a pull found.
  enum Doubt: Sendable, Hashable {
    case missing
    case wrongSize(actualBytes: Int64)
    case wrongContent
  }

  /// How much is looked at.
  struct Limits: Sendable {
    var waiting = 256
    /// A copy is looked at once in so long.
    var interval: Duration = .seconds(30)
    /// Objects put aside at one store in `window` before its bucket is doubted.
    var tolerated = 3
    var window: Duration = .seconds(60)
    var probe: Duration = .seconds(2)
    /// A larger object is not read again here.
    var largestRereadBytes: Int64 = 256 << 20
  }

  private struct Item: Sendable {
    let placement: Placement
    let blob: BlobRecord
    let doubt: Doubt
  }

  private struct Name: Hashable {
    let blob: BlobID
    let location: LocationID
  }

  private let stores: [LocationID: any BlobStore]
  private let samples: KnownObjects
  private let catalog: Catalog
  private let announcer: JobAnnouncer
  private let metrics: RegistryMetrics
  private let limits: Limits
  private let logger: Logger
  private let seen = Mutex<[Name: ContinuousClock.Instant]>([:])
  private let quarantined = Mutex<[LocationID: [ContinuousClock.Instant]]>([:])
  private let items: AsyncStream<Item>
  private let queue: AsyncStream<Item>.Continuation

  /// Looks at copies in `stores`, of which `samples` are known to be right.
  init(
    stores: [LocationID: any BlobStore], samples: KnownObjects, catalog: Catalog, announcer: JobAnnouncer,
    metrics: RegistryMetrics,
    logger: Logger, limits: Limits = Limits()
  ) {
    self.stores = stores
    self.samples = samples
    self.catalog = catalog
    self.announcer = announcer
    self.metrics = metrics
    self.limits = limits
    self.logger = logger
    (items, queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(limits.waiting))
  }

  /// Notes a doubt; returns at once.
  func note(_ placement: Placement, of blob: BlobRecord, _ doubt: Doubt, now: ContinuousClock.Instant = .now) {
    let name = Name(blob: blob.id, location: placement.location)
    let isNew = seen.withLock { seen in
      if let last = seen[name], now - last < limits.interval { return false }
      if seen.count >= limits.waiting * 4 { seen = seen.filter { now - $0.value < limits.interval } }
      guard seen.count < limits.waiting * 4 else { return false }
      seen[name] = now
      return true
    }
    if isNew { queue.yield(Item(placement: placement, blob: blob, doubt: doubt)) }
  }

  /// Looks at one after another until shutdown; what waits then is left to verification.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      for await item in self.items { await self.settle(item) }
    }
  }

  private func settle(_ item: Item) async {
    guard let store = stores[item.placement.location] else { return }
    do {
      try await StoreDeadline.within(limits.probe, "probe") { () async throws(StorageError) in try await store.probe() }
      guard let reason = try await reason(item, at: store), try await isTrusted(store) else { return }
      // Wrong bytes are this reader's word only: the last copy stays, whatever became of the others meanwhile.
      let jobs = try await catalog.quarantine(
        item.placement, of: item.blob.id, reason: reason, sparingSole: item.doubt == .wrongContent)
      // No job: it was collected, replaced or put aside meanwhile.
      guard !jobs.isEmpty else { return }
      quarantined.withLock { $0[store.location, default: []].append(.now) }
      announcer.announce(jobs)
      metrics.copyQuarantined()
      logger.error(
        "a pull found a copy missing or wrong: it is put aside and will be made again",
        metadata: [
          "at": "\(store.location)", "digest": "\(item.blob.digest)", "key": "\(item.placement.key)",
          "reason": "\(reason)",
        ])
    } catch {
      logger.info(
        "a doubtful copy could not be looked at", metadata: ["at": "\(store.location)", "error": "\(error)"])
    }
  }

  /// Why the copy is no good, in words for its row; nil where it is good after all, or nothing can be said.
  private func reason(_ item: Item, at store: any BlobStore) async throws -> String? {
    guard let object = try await store.head(item.placement.key) else { return "the object is missing" }
    guard object.sizeBytes == item.blob.sizeBytes else { return "the object has \(object.sizeBytes) bytes" }
    guard item.doubt == .wrongContent, item.blob.sizeBytes <= limits.largestRereadBytes else { return nil }
    guard item.blob.placements.contains(where: { $0.location != store.location && $0.state == .verified }) else {
      return nil
    }
    guard let actual = try await wrongDigest(item.placement.key, item.blob.digest, item.blob.sizeBytes, at: store)
    else { return nil }
    // Where an object that was right before comes wrong as well, it is the way to the store that spoils bytes.
    if let sample = samples.any(at: store.location), sample.digest != item.blob.digest,
      try await wrongDigest(sample.key, sample.digest, sample.sizeBytes, at: store) != nil
    {
      return nil
    }
    return "the bytes hash to \(actual)"
  }

  /// What the object hashes to, where that is not what it should; throws where it cannot be read.
  private func wrongDigest(
    _ key: ObjectKey, _ digest: Digest, _ sizeBytes: Int64, at store: any BlobStore
  ) async throws -> Digest? {
    do throws(VerificationFailure) {
      try await VerifyingStream(try await open(key, at: store), digest: digest, sizeBytes: sizeBytes).verify()
      return nil
    } catch {
      guard case .digest(_, let actual) = error else { throw error }
      return actual
    }
  }

  private func open(_ key: ObjectKey, at store: any BlobStore) async throws(VerificationFailure) -> ObjectBody {
    do throws(StorageError) { return try await store.open(key, range: nil) } catch { throw .source(error) }
  }

  /// Whether so few copies were put aside that the bucket is beyond doubt, or a sample of it is there.
  private func isTrusted(_ store: any BlobStore) async throws -> Bool {
    let now = ContinuousClock.now
    let recent = quarantined.withLock { quarantined in
      quarantined[store.location]?.removeAll { now - $0 > limits.window }
      return quarantined[store.location]?.count ?? 0
    }
    guard recent >= limits.tolerated else { return true }
    let lossGuard = LossGuard()
    let sample = try await catalog.sampleCopies(at: store.location, count: lossGuard.sample)
    var found = 0
    for copy in sample where try await store.head(copy.placement.key)?.sizeBytes == copy.sizeBytes { found += 1 }
    guard lossGuard.isReassuring(found: found, of: sample.count) else {
      logger.error(
        "so many copies are missing that the bucket is in doubt: nothing more is put aside",
        metadata: ["at": "\(store.location)", "asked": "\(sample.count)", "found": "\(found)"])
      return false
    }
    return true
  }
}
