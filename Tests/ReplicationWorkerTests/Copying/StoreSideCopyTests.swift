import Logging
import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("A store copies by itself where it may, and what it made is read back (I2)")
struct StoreSideCopyTests {
  private let fixture: CopyFixture

  init() throws { fixture = try CopyFixture() }

  private func copier(
    to target: any BlobStore, from sources: [any BlobStore], upToBytes: Int64 = 5 << 30
  ) -> BlobCopier {
    var policy = fixture.policy
    policy.storeSideUpToBytes = upToBytes
    let stores = Dictionary((sources + [target]).map { ($0.location, $0) }) { first, _ in first }
    let context = CopyContext(
      target: target, stores: stores, preference: fixture.preference, records: fixture.records,
      limits: TransferLimits(memory: fixture.memory, breakers: fixture.breakers, pacing: UnlimitedPacing()),
      links: fixture.links, policy: policy, pause: Pause { _ in }, logger: Logger(label: "test"))
    return BlobCopier(context: context)
  }

  private func memory(_ name: String, service: String?) throws -> MemoryStore {
    MemoryStore(
      location: try LocationID(parsing: name), storagePath: try #require(StoragePath("registry")),
      partLimits: fixture.eu.partLimits, service: service)
  }

  /// A job for `wanted`, with these bytes at these stores.
  private func job(_ wanted: [UInt8], _ stored: [(any BlobStore, [UInt8])]) async throws -> ReplicationJob {
    var placements: [Placement] = []
    for (store, bytes) in stored {
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      _ = try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
      placements.append(Placement(location: store.location, key: key))
    }
    let job = ReplicationJob(
      id: JobID(rawValue: 7), blob: BlobID(rawValue: 9), digest: Digest(of: wanted), sizeBytes: Int64(wanted.count),
      target: try LocationID(parsing: "eustorage"), lane: .normal, attempt: 1, leaseToken: RandomIdentifier(),
      createdAtMs: 0, sources: placements)
    fixture.records.lease(to: job)
    fixture.records.place(placements)
    return job
  }

  @Test(
    "between two buckets of a real service", .enabled(if: S3TestService.isDemanded, "MERIDIAN_TEST_S3 is not set"),
    arguments: [5_000, 9 << 20])
  func realService(_ size: Int) async throws {
    let wanted = fixture.bytes(size)
    try await S3TestService.withStore(try S3TestService.connection(), location: "usstorage") { us in
      try await S3TestService.withStore(try S3TestService.neighbourConnection(), location: "eustorage") { eu in
        let job = try await job(wanted, [(us, wanted)])
        let progress = CopyProgress()
        let copy = try await copier(to: eu, from: [us]).copy(job, progress: progress)
        #expect(copy.source == us.location && copy.rejected.isEmpty)
        // The store's own copy is one request: nothing was fetched in parts, and no checkpoint was begun.
        #expect(fixture.records.begun == 0)
        #expect(progress.bytesRead == Int64(size))
        #expect(try await eu.open(copy.key, range: nil).collect(limitBytes: size) == wanted)
        #expect(try await eu.head(copy.key)?.digest == job.digest)
        try await eu.delete(copy.key)
        for placement in job.sources { try await us.delete(placement.key) }
      }
    }
  }

  @Test("a wrong source is found out by reading back: its copy is deleted and another source used")
  func wrongSource() async throws {
    let wanted = fixture.bytes(100_000)
    var wrong = wanted
    wrong[50_000] ^= 1
    let (us, eu) = (try memory("usstorage", service: "one"), try memory("eustorage", service: "one"))
    let ap = try memory("apstorage", service: "other")
    let job = try await job(wanted, [(us, wrong), (ap, wanted)])
    let copy = try await copier(to: eu, from: [us, ap]).copy(job)
    #expect(copy.source == ap.location)
    #expect(copy.rejected.map(\.placement.location) == [us.location])
    #expect(eu.keys == [copy.key])
    #expect(try await eu.open(copy.key, range: nil).collect(limitBytes: wanted.count) == wanted)
    #expect(fixture.memory.reservedBytes == 0)
  }

  @Test("beyond the size a service copies in one go it is an ordinary copy", arguments: [true, false])
  func tooLarge(_ isTooLarge: Bool) async throws {
    let wanted = fixture.bytes(100_000)
    let (us, eu) = (try memory("usstorage", service: "one"), try memory("eustorage", service: "one"))
    let job = try await job(wanted, [(us, wanted)])
    let copy = try await copier(to: eu, from: [us], upToBytes: isTooLarge ? 99_999 : 100_000).copy(job)
    #expect(try await eu.open(copy.key, range: nil).collect(limitBytes: wanted.count) == wanted)
    #expect((fixture.records.begun > 0) == isTooLarge)
  }
}
