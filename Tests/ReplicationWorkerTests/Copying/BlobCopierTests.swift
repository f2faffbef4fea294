import Shared
import Testing

@testable import ReplicationWorker

@Suite("A copy is verified before it counts (I2, I3)")
struct BlobCopierTests {
  private let fixture: CopyFixture
  private var us: WatchedStore { fixture.us }
  private var ap: WatchedStore { fixture.ap }
  private var eu: WatchedStore { fixture.eu }

  init() throws { fixture = try CopyFixture() }

  /// One job with a bad copy at us and a good one at ap.
  private func jobWithABadCopy(_ wanted: [UInt8], bad: [UInt8]) async throws -> ReplicationJob {
    let first = try await fixture.job(wanted: wanted, stored: bad, at: [us])
    let second = try await fixture.job(wanted: wanted, at: [ap])
    let job = ReplicationJob(
      id: first.id, blob: first.blob, digest: first.digest, sizeBytes: first.sizeBytes, target: first.target,
      lane: .normal, attempt: 1, leaseToken: RandomIdentifier(), createdAtMs: 0,
      sources: first.sources + second.sources)
    fixture.records.lease(to: job)
    return job
  }

  @Test(arguments: [0, 1, 32 << 10, (32 << 10) + 1, 64 << 10, (64 << 10) + 1, 1_000_000])
  func copiesWholeAndInParts(size: Int) async throws {
    let wanted = fixture.bytes(size)
    let progress = CopyProgress()
    let copy = try await fixture.copier.copy(try await fixture.job(wanted: wanted, at: [us]), progress: progress)
    #expect(copy.source == us.location && copy.rejected.isEmpty)
    #expect(progress.bytesRead == Int64(size) && us.bytesServed == Int64(size))
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(eu.uploaded.isEmpty == (size <= 32 << 10))
    #expect(fixture.isAtRest)
  }

  @Test(arguments: [DigestAlgorithm.sha256, .sha512], [1_000, 500_000])
  func bothAlgorithms(algorithm: DigestAlgorithm, size: Int) async throws {
    let wanted = fixture.bytes(size)
    let job = try await fixture.job(wanted: wanted, at: [us], algorithm: algorithm)
    let copy = try await fixture.copier.copy(job)
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(try await eu.head(copy.key)?.digest == job.digest)
  }

  @Test(arguments: [1_000, 600_000])
  func wrongBytesOfTheRightLengthAreNeverKeptAndTheNextSourceIsUsed(size: Int) async throws {
    let wanted = fixture.bytes(size)
    var wrong = wanted
    wrong[size / 2] ^= 1
    let job = try await jobWithABadCopy(wanted, bad: wrong)
    let copy = try await fixture.copier.copy(job)
    #expect(copy.source == ap.location)
    #expect(copy.rejected.map(\.placement) == [job.sources[0]])
    #expect(eu.base.keys == [copy.key])
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(fixture.isAtRest)
  }

  @Test(arguments: [1_000, 600_000])
  func bytesChangedOnTheWayOnceBlameNobody(size: Int) async throws {
    let wanted = fixture.bytes(size)
    let job = try await fixture.job(wanted: wanted, at: [us])
    let once = Once()
    us.alter { _, chunk in
      guard once.take() else { return chunk }
      var chunk = chunk
      chunk[0] ^= 1
      return chunk
    }
    let copy = try await fixture.copier.copy(job)
    #expect(copy.rejected.isEmpty)
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(us.bytesServed == 2 * Int64(size))
  }

  @Test func aSourceThatGivesOtherBytesEachTimeIsNotPutAside() async throws {
    let job = try await fixture.job(wanted: fixture.bytes(1_000), at: [us])
    us.alter { _, chunk in chunk.map { $0 ^ UInt8.random(in: 1...255) } }
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    #expect(failure.cause == "source" && failure.rejected.isEmpty)
    #expect(eu.base.keys.isEmpty)
  }

  @Test(arguments: [5_000, 500_000])
  func aTruncatedSourceIsRejectedByItsSize(size: Int) async throws {
    let wanted = fixture.bytes(size)
    let job = try await fixture.job(wanted: wanted, stored: Array(wanted.dropLast()), at: [us])
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    guard case .noIntactSource(let rejected) = failure else {
      Issue.record("expected noIntactSource, saw \(failure)")
      return
    }
    #expect(rejected.map(\.placement) == job.sources)
    #expect(eu.base.keys.isEmpty && fixture.isAtRest)
  }

  @Test func aSourceThatIsDownIsPassedOverWithoutBlame() async throws {
    let job = try await fixture.job(wanted: fixture.bytes(5_000), at: [us, ap])
    us.before { _ async throws(StorageError) in throw .unavailable(status: 503, code: "down", retryAfter: nil) }
    let copy = try await fixture.copier.copy(job)
    #expect(copy.source == ap.location && copy.rejected.isEmpty)
  }

  @Test func aStoreThatKeepsFailingIsNotAskedAgain() async throws {
    us.before { _ async throws(StorageError) in throw .unavailable(status: 503, code: "down", retryAfter: nil) }
    for _ in 0..<10 {
      _ = try await fixture.copier.copy(try await fixture.job(wanted: fixture.bytes(500), at: [us, ap]))
    }
    #expect(us.opened.count < 10 && ap.opened.count == 10)
  }

  @Test func allSourcesDownIsARetryNotALoss() async throws {
    let job = try await fixture.job(wanted: fixture.bytes(5_000), at: [us])
    us.before { _ async throws(StorageError) in throw .timedOut(phase: "connect") }
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    #expect(failure.cause == "source" && failure.rejected.isEmpty)
  }

  @Test(arguments: [10, 500_000])
  func aLostObjectIsReportedAsLost(size: Int) async throws {
    let job = try await fixture.job(wanted: fixture.bytes(size), at: [us])
    try await us.delete(job.sources[0].key)
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    #expect(failure.cause == "source_lost" && failure.rejected.map(\.placement) == job.sources)
    #expect(fixture.records.checkpoint == nil)
  }

  @Test(arguments: [10, 500_000])
  func sourcesAreLookedUpAgainBeforeTheBlobIsGivenUp(size: Int) async throws {
    let wanted = fixture.bytes(size)
    let stale = try await fixture.job(wanted: wanted, at: [us])
    try await us.delete(stale.sources[0].key)
    let moved = try await fixture.job(wanted: wanted, at: [ap])
    fixture.records.lease(to: stale)
    fixture.records.place(stale.sources + moved.sources)
    let copy = try await fixture.copier.copy(stale)
    #expect(copy.source == ap.location && copy.rejected.map(\.placement) == stale.sources)
  }

  @Test func aCopyThatAppearedAtTheTargetMeanwhileIsFound() async throws {
    let wanted = fixture.bytes(100)
    let stale = try await fixture.job(wanted: wanted, at: [us])
    try await us.delete(stale.sources[0].key)
    let pushed = try await fixture.job(wanted: wanted, at: [eu])
    fixture.records.place(pushed.sources)
    let copy = try await fixture.copier.copy(stale)
    #expect(copy.key == pushed.sources[0].key && copy.source == eu.location)
  }

  @Test func aTargetThatFailsIsNotTheSourcesFault() async throws {
    let job = try await fixture.job(wanted: fixture.bytes(500_000), at: [us, ap])
    eu.before { call async throws(StorageError) in if call == .beginMultipart { throw .full } }
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    guard case .target(.full, let rejected) = failure else {
      Issue.record("expected the target's failure, saw \(failure)")
      return
    }
    #expect(rejected.isEmpty && us.opened.isEmpty && ap.opened.isEmpty)
  }

  @Test func aStoreThatAcknowledgedButKeptNothingIsFoundOut() async throws {
    let job = try await fixture.job(wanted: fixture.bytes(100), at: [us])
    let base = eu.base
    eu.afterPut { key in try? await base.delete(key) }
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    #expect(failure.cause == "target")
  }

  @Test func aCopyThatIsThereAlreadyIsNotMadeAgain() async throws {
    let job = try await fixture.job(wanted: fixture.bytes(100), at: [eu])
    let copy = try await fixture.copier.copy(job)
    #expect(copy.key == job.sources[0].key)
    #expect(eu.base.keys == [copy.key])
  }

  @Test func copiesOnlyAtUnknownLocationsAreWaitedFor() async throws {
    let job = try await fixture.job(wanted: fixture.bytes(100), at: [])
    let elsewhere = Placement(location: try LocationID(parsing: "moon"), key: try ObjectKey(parsing: "a/b"))
    let claimed = ReplicationJob(
      id: job.id, blob: job.blob, digest: job.digest, sizeBytes: job.sizeBytes, target: job.target, lane: .normal,
      attempt: 1, leaseToken: job.leaseToken, createdAtMs: 0, sources: [elsewhere])
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(claimed) }
    #expect(failure.cause == "not_configured")
  }
}
