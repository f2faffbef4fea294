import Shared
import Synchronization
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("A killed worker's successor goes on where it stopped (D3, I9)")
struct CopyResumeTests {
  private static let part = CopyFixture.partBytes
  private static let window = 4

  private func fixture() throws -> CopyFixture {
    var fixture = try CopyFixture(link: .init(initial: 4))
    fixture.policy.windowParts = Self.window
    return fixture
  }

  /// A worker that froze in the middle of its calls, as one does that is killed or stopped.
  private func freeze(
    _ fixture: CopyFixture, _ job: ReplicationJob, at point: @escaping @Sendable (WatchedStore.Call) -> Bool
  ) async throws -> (worker: Task<BlobCopier.Copy, any Error>, gate: Gate) {
    let gate = Gate()
    let isFrozen = Mutex(false)
    let hold: @Sendable (WatchedStore.Call) async throws(StorageError) -> Void = { call async throws(StorageError) in
      let stops = isFrozen.withLock { frozen in
        frozen = frozen || point(call)
        return frozen
      }
      if stops { await gate.pass() }
    }
    fixture.eu.before(hold)
    fixture.us.before(hold)
    fixture.records.beforeSave { _ in if isFrozen.withLock({ $0 }) { await gate.pass() } }
    let copier = fixture.copier
    let worker = Task { try await copier.copy(job) }
    // It comes to rest once all that it may have under way is held up.
    let rest = Mutex((served: Int64(-1), looks: 0))
    try await untilTrue {
      let served = fixture.us.bytesServed
      let isStill = gate.waiting > 0
      return rest.withLock { rest in
        rest = (served, rest.served == served && isStill ? rest.looks + 1 : 0)
        return rest.looks > 20
      }
    }
    fixture.eu.before { _ async throws(StorageError) in }
    fixture.us.before { _ async throws(StorageError) in }
    fixture.records.beforeSave { _ in }
    return (worker, gate)
  }

  @Test(arguments: Array(1...20))
  func readsNoMoreThanOneWindowAgain(killedAtPart number: Int) async throws {
    let fixture = try fixture()
    let wanted = fixture.bytes(20 * Int(Self.part))
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let (zombie, gate) = try await freeze(fixture, job) { $0 == .part(number) }
    let before = fixture.us.bytesServed
    let progress = CopyProgress()
    let copy = try await fixture.anotherWorker.copy(fixture.successor(of: job), progress: progress)
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(before + progress.bytesRead <= job.sizeBytes + Int64(Self.window) * Self.part)
    #expect(fixture.records.begun == 1)

    // The one that was taken for dead wakes up, finds its lease lost and touches nothing (I9).
    gate.open()
    let failure = await #expect(throws: CopyFailure.self) { try await zombie.value }
    #expect(["lease_lost", "target"].contains(failure?.cause))
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(fixture.eu.aborted == 0 && fixture.isAtRest)
  }

  @Test func killedBeforeTheCompletionNothingIsReadAgain() async throws {
    let fixture = try fixture()
    let wanted = fixture.bytes(6 * Int(Self.part) + 9)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let (zombie, gate) = try await freeze(fixture, job) { $0 == .complete }
    let progress = CopyProgress()
    let copy = try await fixture.anotherWorker.copy(fixture.successor(of: job), progress: progress)
    #expect(progress.bytesRead == 0 && progress.resumedAtBytes == job.sizeBytes)
    #expect(try await fixture.stored(copy.key) == wanted)
    gate.open()
    // Both completed the same upload; the catalog decides whose report counts, and the key is the same.
    #expect(try await zombie.value.key == copy.key)
  }

  @Test func anUploadThatIsGoneIsBegunAnew() async throws {
    let fixture = try fixture()
    let wanted = fixture.bytes(9 * Int(Self.part))
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let (zombie, gate) = try await freeze(fixture, job) { $0 == .part(7) }
    let checkpoint = try #require(fixture.records.checkpoint)
    try await fixture.eu.base.abortMultipart(MultipartUpload(key: checkpoint.key, id: checkpoint.multipartID))
    let copy = try await fixture.anotherWorker.copy(fixture.successor(of: job))
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(copy.key != checkpoint.key && fixture.records.dropped.count == 1 && fixture.records.begun == 2)
    gate.open()
    _ = await zombie.result
    #expect(try await fixture.stored(copy.key) == wanted)
  }

  @Test func uploadsThatKeepVanishingAreNotBegunForEver() async throws {
    let fixture = try fixture()
    let job = try await fixture.job(wanted: fixture.bytes(4 * Int(Self.part)), at: [fixture.us])
    let upload = MultipartUpload(key: try ObjectKey(parsing: "a/b"), id: "x")
    fixture.eu.before { call async throws(StorageError) in if case .part = call { throw .uploadMissing(upload) } }
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    #expect(failure.cause == "target" && fixture.records.begun == 3 && fixture.isAtRest)
  }

  @Test(arguments: [0, 1, 2, 3])
  func aCheckpointThatMakesNoSenseIsDropped(kind: Int) async throws {
    let fixture = try fixture()
    let wanted = fixture.bytes(5 * Int(Self.part))
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let key = try ObjectKey(parsing: "registry/blobs/x")
    let upload = try await fixture.eu.base.beginMultipart(key, attributes: ObjectAttributes())
    let hasher = ContentHasher(algorithm: kind == 0 ? .sha512 : .sha256)
    fixture.records.put(
      CopyCheckpoint(
        key: key, multipartID: upload.id, partBytes: kind == 1 ? 0 : Self.part, offsetBytes: kind == 2 ? Self.part : 0,
        hashState: kind == 3 ? [1, 2, 3] : hasher.savedState(), parts: []))
    let copy = try await fixture.copier.copy(job)
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(fixture.records.dropped.count == 1)
  }

  @Test func wrongBytesBeforeTheCheckpointBlameNobody() async throws {
    let fixture = try fixture()
    let wanted = fixture.bytes(9 * Int(Self.part))
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    // The first worker was given wrong bytes, and only then died.
    let once = Once()
    fixture.us.alter { _, chunk in
      guard once.take() else { return chunk }
      return chunk.map { $0 ^ 1 }
    }
    let (zombie, gate) = try await freeze(fixture, job) { $0 == .part(6) }
    let copy = try await fixture.anotherWorker.copy(fixture.successor(of: job))
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(copy.rejected.isEmpty && fixture.records.dropped.count == 1)
    gate.open()
    _ = await zombie.result
  }

  @Test func aLeaseLostOnTheWayEndsTheCopy() async throws {
    let fixture = try fixture()
    let job = try await fixture.job(wanted: fixture.bytes(12 * Int(Self.part)), at: [fixture.us])
    let records = fixture.records
    let other = ReplicationJob(
      id: job.id, blob: job.blob, digest: job.digest, sizeBytes: job.sizeBytes, target: job.target, lane: .normal,
      attempt: 1, leaseToken: RandomIdentifier(), createdAtMs: 0)
    records.beforeSave { offset in if offset >= 3 * Self.part { records.lease(to: other) } }
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    #expect(failure.cause == "lease_lost")
    #expect(fixture.us.bytesServed < job.sizeBytes && fixture.eu.aborted == 0 && fixture.isAtRest)
  }

  @Test func aLeaseLostBeforeTheFirstByteLeavesNothingBehind() async throws {
    let fixture = try fixture()
    let job = try await fixture.job(wanted: fixture.bytes(4 * Int(Self.part)), at: [fixture.us])
    _ = fixture.successor(of: job)
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    #expect(failure.cause == "lease_lost" && fixture.eu.aborted == 1 && fixture.us.bytesServed == 0)
  }
}
