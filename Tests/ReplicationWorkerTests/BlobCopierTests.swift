import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("A copy is verified before it counts (I2, I3)")
struct BlobCopierTests {
  private let us: FaultyBlobStore
  private let ap: FaultyBlobStore
  private let eu: FaultyBlobStore
  private let target: MemoryStore
  private let preference: [LocationID]

  init() throws {
    let path = try #require(StoragePath("registry"))
    func store(_ name: String) throws -> MemoryStore {
      MemoryStore(location: try LocationID(parsing: name), storagePath: path)
    }
    us = FaultyBlobStore(try store("usstorage"))
    ap = FaultyBlobStore(try store("apstorage"))
    target = try store("eustorage")
    eu = FaultyBlobStore(target)
    preference = try ["eustorage", "usstorage", "apstorage"].map { try LocationID(parsing: $0) }
  }

  private var copier: BlobCopier {
    BlobCopier(
      target: eu, stores: [us.location: us, ap.location: ap, eu.location: eu], preference: preference,
      memory: TransferMemory(capacityBytes: 64 << 20), partsInFlight: 2)
  }

  private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

  /// Puts `stored` at the given stores and makes the job for the digest of `wanted`.
  private func job(
    wanted: [UInt8], stored: [UInt8]? = nil, at stores: [FaultyBlobStore]
  ) async throws -> ReplicationJob {
    var placements: [Placement] = []
    for store in stores {
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      _ = try await store.put(key, bytes: stored ?? wanted, attributes: ObjectAttributes())
      placements.append(Placement(location: store.location, key: key))
    }
    return ReplicationJob(
      id: JobID(rawValue: 7), blob: BlobID(rawValue: 9), digest: Digest(of: wanted), sizeBytes: Int64(wanted.count),
      target: eu.location, lane: .normal, attempt: 1, leaseToken: RandomIdentifier(), createdAtMs: 0,
      sources: placements)
  }

  private func stored(_ key: ObjectKey) async throws -> [UInt8] {
    try await target.open(key, range: nil).collect(limitBytes: 64 << 20)
  }

  @Test(arguments: [0, 1, 4 << 20, (4 << 20) + 1, 21_000_000])
  func copiesWholeAndInParts(size: Int) async throws {
    let wanted = bytes(size)
    let copy = try await copier.copy(try await job(wanted: wanted, at: [us]))
    #expect(copy.source == us.location && copy.bytesRead == Int64(size) && copy.rejected.isEmpty)
    #expect(try await stored(copy.key) == wanted)
    #expect(eu.calls(.beginMultipart) == (size > Int(BlobCopier.wholeBlobBytes) ? 1 : 0))
  }

  @Test(arguments: [1_000, 6_000_000])
  func wrongBytesOfTheRightLengthAreNeverKeptAndTheNextSourceIsUsed(size: Int) async throws {
    let wanted = bytes(size)
    var wrong = wanted
    wrong[size / 2] ^= 1
    let bad = try await job(wanted: wanted, stored: wrong, at: [us])
    let good = try await job(wanted: wanted, at: [ap])
    let both = ReplicationJob(
      id: bad.id, blob: bad.blob, digest: bad.digest, sizeBytes: bad.sizeBytes, target: bad.target, lane: bad.lane,
      attempt: 1, leaseToken: bad.leaseToken, createdAtMs: 0, sources: bad.sources + good.sources)
    let copy = try await copier.copy(both)
    #expect(copy.source == ap.location)
    #expect(copy.rejected.map(\.placement) == bad.sources)
    #expect(target.keys == [copy.key])
    #expect(try await stored(copy.key) == wanted)
  }

  @Test func aTruncatedSourceIsRejectedByItsSize() async throws {
    let wanted = bytes(5_000)
    let job = try await job(wanted: wanted, stored: Array(wanted.dropLast()), at: [us])
    let failure = try await #require(throws: CopyFailure.self) { try await copier.copy(job) }
    guard case .noIntactSource(let rejected) = failure else {
      Issue.record("expected noIntactSource, saw \(failure)")
      return
    }
    #expect(rejected.map(\.placement) == job.sources)
    #expect(target.keys.isEmpty)
  }

  @Test func aSourceThatIsDownIsPassedOverWithoutBlame() async throws {
    let job = try await job(wanted: bytes(5_000), at: [us, ap])
    us.fail(.open, with: .unavailable(status: 503, code: "down", retryAfter: nil), times: 10)
    let copy = try await copier.copy(job)
    #expect(copy.source == ap.location && copy.rejected.isEmpty)
  }

  @Test func allSourcesDownIsARetryNotALoss() async throws {
    let job = try await job(wanted: bytes(5_000), at: [us])
    us.fail(.open, with: .timedOut(phase: "connect"), times: 10)
    let failure = try await #require(throws: CopyFailure.self) { try await copier.copy(job) }
    #expect(failure.cause == "source" && failure.rejected.isEmpty)
  }

  @Test func aLostObjectIsReportedAsLost() async throws {
    let job = try await job(wanted: bytes(10), at: [us])
    try await us.delete(job.sources[0].key)
    let failure = try await #require(throws: CopyFailure.self) { try await copier.copy(job) }
    #expect(failure.cause == "source_lost" && failure.rejected.map(\.placement) == job.sources)
  }

  @Test func aTargetThatFailsIsNotTheSourcesFault() async throws {
    let job = try await job(wanted: bytes(6_000_000), at: [us, ap])
    eu.fail(.beginMultipart, with: .full, times: 10)
    let failure = try await #require(throws: CopyFailure.self) { try await copier.copy(job) }
    guard case .target(.full, let rejected) = failure else {
      Issue.record("expected the target's failure, saw \(failure)")
      return
    }
    #expect(rejected.isEmpty && us.calls(.open) == 1 && ap.calls(.open) == 0)
  }

  @Test func aFailedMultipartCopyIsAborted() async throws {
    let job = try await job(wanted: bytes(6_000_000), at: [us])
    eu.fail(.completeMultipart, with: .unavailable(status: 500, code: "x", retryAfter: nil), times: 10)
    _ = try await #require(throws: CopyFailure.self) { try await copier.copy(job) }
    #expect(eu.calls(.abortMultipart) == 1 && target.keys.isEmpty && target.heldBytes == 0)
  }

  @Test func aStoreThatAcknowledgedButKeptNothingIsFoundOut() async throws {
    let job = try await job(wanted: bytes(100), at: [us])
    eu.fail(.head, with: .objectMissing(try ObjectKey(parsing: "gone")))
    let failure = try await #require(throws: CopyFailure.self) { try await copier.copy(job) }
    #expect(failure.cause == "target")
  }

  @Test func aCopyThatIsThereAlreadyIsNotMadeAgain() async throws {
    let job = try await job(wanted: bytes(100), at: [eu])
    let copy = try await copier.copy(job)
    #expect(copy.key == job.sources[0].key && copy.bytesRead == 0)
    #expect(target.keys == [copy.key])
  }
}
