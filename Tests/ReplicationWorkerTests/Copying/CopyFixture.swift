import Logging
import Shared
import Testing

@testable import ReplicationWorker

/// Three locations in memory, parts of 64 KiB, and one job.
struct CopyFixture: Sendable {
  static let partBytes: Int64 = 64 << 10

  let us: WatchedStore
  let ap: WatchedStore
  let eu: WatchedStore
  let records = MemoryRecords()
  let memory: TransferMemory
  let links: CopyLinks
  let breakers = StoreBreakers(logger: Logger(label: "test"))
  var policy = CopyPolicy()
  let preference: [LocationID]

  init(
    memoryBytes: Int64 = 4 << 20, link: ConcurrencyControl.Limits = .init(), sizing: RangeSizing.Limits = .init(),
    protectsBodies: Bool = true
  ) throws {
    let path = try #require(StoragePath("registry"))
    func store(_ name: String, protectsBodies: Bool = true) throws -> WatchedStore {
      let limits = PartLimits(
        minimumPartBytes: 1 << 10, maximumPartBytes: 5 << 30, maximumParts: 10_000, maximumSinglePutBytes: 5 << 30)
      return WatchedStore(
        MemoryStore(location: try LocationID(parsing: name), storagePath: path, partLimits: limits),
        protectsBodies: protectsBodies)
    }
    us = try store("usstorage")
    ap = try store("apstorage")
    eu = try store("eustorage", protectsBodies: protectsBodies)
    preference = try ["eustorage", "usstorage", "apstorage"].map { try LocationID(parsing: $0) }
    memory = TransferMemory(capacityBytes: memoryBytes)
    links = CopyLinks(limits: link, sizing: sizing)
    policy.partBytes = Self.partBytes
    policy.wholeBlobBytes = 32 << 10
  }

  var copier: BlobCopier { copier(memory: memory, links: links) }

  /// A worker of its own, with memory and links of its own.
  var anotherWorker: BlobCopier {
    copier(memory: TransferMemory(capacityBytes: memory.capacityBytes), links: CopyLinks())
  }

  private func copier(memory: TransferMemory, links: CopyLinks) -> BlobCopier {
    let context = CopyContext(
      target: eu, stores: [us.location: us, ap.location: ap, eu.location: eu], preference: preference,
      records: records, limits: TransferLimits(memory: memory, breakers: breakers, pacing: UnlimitedPacing()),
      links: links, policy: policy, pause: Pause { _ in }, logger: Logger(label: "test"))
    return BlobCopier(context: context)
  }

  /// Bytes that no two places of a blob share.
  func bytes(_ count: Int) -> [UInt8] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }

  /// Puts `stored` at the given stores and makes the job for the digest of `wanted`, with the lease.
  func job(
    wanted: [UInt8], stored: [UInt8]? = nil, at stores: [WatchedStore], algorithm: DigestAlgorithm = .sha256
  ) async throws -> ReplicationJob {
    var placements: [Placement] = []
    for store in stores {
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      _ = try await store.base.put(key, bytes: stored ?? wanted, attributes: ObjectAttributes())
      placements.append(Placement(location: store.location, key: key))
    }
    var hasher = ContentHasher(algorithm: algorithm)
    hasher.update(wanted)
    let job = self.job(hasher.digest(), Int64(wanted.count), placements)
    records.place(placements)
    return job
  }

  /// The same job, claimed by another worker.
  func successor(of job: ReplicationJob) -> ReplicationJob { self.job(job.digest, job.sizeBytes, job.sources) }

  private func job(_ digest: Digest, _ sizeBytes: Int64, _ sources: [Placement]) -> ReplicationJob {
    let job = ReplicationJob(
      id: JobID(rawValue: 7), blob: BlobID(rawValue: 9), digest: digest, sizeBytes: sizeBytes, target: eu.location,
      lane: .normal, attempt: 1, leaseToken: RandomIdentifier(), createdAtMs: 0, sources: sources)
    records.lease(to: job)
    return job
  }

  /// The bytes at the target under `key`.
  func stored(_ key: ObjectKey) async throws -> [UInt8] {
    try await eu.base.open(key, range: nil).collect(limitBytes: 64 << 20)
  }

  /// Whether nothing is held any more.
  var isAtRest: Bool {
    memory.reservedBytes == 0 && links.link(from: us.location, to: eu.location).inUse == 0
      && links.link(from: ap.location, to: eu.location).inUse == 0
  }
}
