import Shared
import Synchronization
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("A large blob is copied by ranges side by side, in bounded memory")
struct PartsCopyTests {
  private static let part = Int(CopyFixture.partBytes)

  @Test func rangesAreFetchedSideBySide() async throws {
    let fixture = try CopyFixture(link: .init(initial: 6))
    let wanted = fixture.bytes(20 * Self.part)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let gate = Gate()
    fixture.us.before { _ async throws(StorageError) in await gate.pass() }
    async let copy = fixture.copier.copy(job)
    try await untilTrue { gate.waiting == 6 }
    gate.open()
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(gate.mostWaiting == 6)
  }

  @Test func uploadsRunWhileOthersAreFetched() async throws {
    let fixture = try CopyFixture(link: .init(initial: 6))
    let job = try await fixture.job(wanted: fixture.bytes(20 * Self.part), at: [fixture.us])
    let gate = Gate()
    fixture.eu.before { call async throws(StorageError) in if case .part = call { await gate.pass() } }
    async let copy = fixture.copier.copy(job)
    // As many as the window holds: the link's slots are for what is fetched.
    try await untilTrue { gate.waiting == 16 }
    gate.open()
    _ = try await copy
    #expect(fixture.isAtRest)
  }

  @Test func partsMayArriveInAnyOrder() async throws {
    let fixture = try CopyFixture(link: .init(initial: 8))
    let wanted = fixture.bytes(12 * Self.part + 77)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let gate = Gate()
    fixture.us.before { call async throws(StorageError) in
      if case .open(let range) = call, range?.first == 0 { await gate.pass() }
    }
    async let copy = fixture.copier.copy(job)
    // Everything the window allows is uploaded while the first part is still on its way.
    try await untilTrue { fixture.eu.uploaded.count == 12 }
    #expect(!fixture.eu.uploaded.contains(1) && fixture.records.saves.isEmpty)
    gate.open()
    #expect(try await fixture.stored(copy.key) == wanted)
  }

  @Test func neverMoreThanTheWindowIsAheadOfTheCheckpoint() async throws {
    var fixture = try CopyFixture(link: .init(initial: 16))
    fixture.policy.windowParts = 5
    let wanted = fixture.bytes(30 * Self.part)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let records = fixture.records
    let tooFar = Mutex(false)
    fixture.us.before { call async throws(StorageError) in
      guard case .open(let range?) = call else { return }
      let ahead = range.last + 1 - (records.checkpoint?.offsetBytes ?? 0)
      if ahead > 5 * CopyFixture.partBytes { tooFar.withLock { $0 = true } }
    }
    let copy = try await fixture.copier.copy(job)
    #expect(!tooFar.withLock { $0 })
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(fixture.records.mostSaving == 1)
    #expect(fixture.records.saves == fixture.records.saves.sorted() && fixture.records.saves.last == job.sizeBytes)
  }

  @Test(arguments: [1, 2, 3])
  func memoryIsNeverExceededAndAllGivenBack(parts: Int64) async throws {
    let fixture = try CopyFixture(memoryBytes: parts * CopyFixture.partBytes)
    let memory = fixture.memory
    let jobs = 4
    let most = Mutex<Int64>(0)
    fixture.us.before { _ async throws(StorageError) in
      let reserved = memory.reservedBytes
      most.withLock { $0 = max($0, reserved) }
    }
    let wanted = fixture.bytes(9 * Self.part + 5)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let copier = fixture.copier
    // Several copies share the memory; each has rows of its own.
    try await withThrowingTaskGroup(of: ObjectKey.self) { group in
      for _ in 0..<jobs {
        let records = MemoryRecords()
        records.lease(to: job)
        let context = CopyContext(
          target: fixture.eu, stores: copier.context.stores, preference: fixture.preference, records: records,
          limits: copier.context.limits, links: fixture.links, policy: fixture.policy, logger: copier.context.logger)
        group.addTask { try await BlobCopier(context: context).copy(job).key }
      }
      for try await key in group { #expect(try await fixture.stored(key) == wanted) }
    }
    #expect(most.withLock { $0 } <= memory.capacityBytes && fixture.isAtRest)
  }

  @Test func smallBlobsDoNotWaitForThePartsOfLargeOnes() async throws {
    let fixture = try CopyFixture(memoryBytes: 8 * CopyFixture.partBytes, link: .init(initial: 16))
    let large = try await fixture.job(wanted: fixture.bytes(20 * Self.part), at: [fixture.us])
    let gate = Gate()
    fixture.us.before { call async throws(StorageError) in
      if case .open(.some) = call { await gate.pass() }
    }
    let copier = fixture.copier
    async let copy = copier.copy(large)
    // Three quarters of the memory are parts that wait for the link.
    try await untilTrue { gate.waiting == 6 }
    #expect(fixture.memory.reservedBytes == 6 * CopyFixture.partBytes)
    let wanted = fixture.bytes(30_000)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    #expect(try await fixture.stored(copier.copy(job).key) == wanted)
    fixture.records.lease(to: large)
    gate.open()
    _ = try await copy
    #expect(fixture.isAtRest)
  }

  @Test func aPartThatFailsIsReadFromAnotherSource() async throws {
    let fixture = try CopyFixture()
    let wanted = fixture.bytes(10 * Self.part)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us, fixture.ap])
    let once = Once()
    fixture.us.before { call async throws(StorageError) in
      if case .open(let range?) = call, range.first == 3 * CopyFixture.partBytes, once.take() {
        throw .truncated(expectedBytes: 1, receivedBytes: 0)
      }
    }
    let copy = try await fixture.copier.copy(job)
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(fixture.ap.opened.count == 1 && copy.rejected.isEmpty)
  }

  @Test func aMixedCopyThatIsWrongIsReadAgainFromOneAlone() async throws {
    let fixture = try CopyFixture(link: .init(initial: 2, maximum: 2))
    let wanted = fixture.bytes(10 * Self.part)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us, fixture.ap])
    let once = Once()
    fixture.us.before { call async throws(StorageError) in
      if case .open(let range?) = call, range.first == 3 * CopyFixture.partBytes, once.take() {
        throw .truncated(expectedBytes: 1, receivedBytes: 0)
      }
    }
    fixture.ap.alter { _, chunk in chunk.map { $0 ^ 1 } }
    let copy = try await fixture.copier.copy(job)
    #expect(try await fixture.stored(copy.key) == wanted)
    // Nobody is blamed for what two sources gave together.
    #expect(copy.rejected.isEmpty && copy.source == fixture.us.location)
    #expect(fixture.records.dropped.count == 1 && fixture.records.begun == 2)
  }

  @Test(arguments: [true, false])
  func partsCarryTheirHashWhereTheWayIsNotProtected(isProtected: Bool) async throws {
    let fixture = try CopyFixture(protectsBodies: isProtected)
    let wanted = fixture.bytes(3 * Self.part)
    _ = try await fixture.copier.copy(try await fixture.job(wanted: wanted, at: [fixture.us]))
    for number in 1...3 {
      let slice = wanted[((number - 1) * Self.part)..<(number * Self.part)]
      #expect(fixture.eu.partHashes[number] == .some(isProtected ? nil : Digest(of: slice)))
    }
  }

  @Test func aWorkerThatStopsKeepsItsCheckpointAndAbortsNothing() async throws {
    let fixture = try CopyFixture(link: .init(initial: 2, maximum: 2))
    let wanted = fixture.bytes(12 * Self.part)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let gate = Gate()
    fixture.eu.before { call async throws(StorageError) in if call == .part(6) { await gate.pass() } }
    let copier = fixture.copier
    let copying = Task { try await copier.copy(job) }
    try await untilTrue { gate.waiting == 1 }
    copying.cancel()
    gate.open()
    let failure = await #expect(throws: CopyFailure.self) { try await copying.value }
    #expect(failure?.cause == "cancelled")
    #expect(fixture.eu.aborted == 0 && fixture.isAtRest)
    // What was confirmed before is durable, so whoever goes on reads only the rest.
    #expect(fixture.records.checkpoint?.offsetBytes == 5 * CopyFixture.partBytes)
    let before = fixture.us.bytesServed
    let progress = CopyProgress()
    let copy = try await fixture.copier.copy(fixture.successor(of: job), progress: progress)
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(fixture.us.bytesServed - before == 7 * CopyFixture.partBytes)
    #expect(progress.resumedAtBytes == 5 * CopyFixture.partBytes)
  }

  @Test func aTargetThatFailsLeavesTheCheckpointForTheRetry() async throws {
    let fixture = try CopyFixture()
    let wanted = fixture.bytes(12 * Self.part)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    fixture.eu.before { call async throws(StorageError) in
      if call == .part(8) { throw .slowDown(retryAfter: .seconds(7)) }
    }
    let failure = try await #require(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    guard case .target(.slowDown(let retryAfter), _) = failure else {
      Issue.record("expected the target's failure, saw \(failure)")
      return
    }
    #expect(retryAfter == .seconds(7))
    #expect(fixture.eu.aborted == 0 && fixture.records.dropped.isEmpty && fixture.isAtRest)
    #expect(fixture.links.link(from: fixture.us.location, to: fixture.eu.location).limit == 4)
    fixture.eu.before { _ async throws(StorageError) in }
    let copy = try await fixture.copier.copy(fixture.successor(of: job))
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(fixture.us.bytesServed <= job.sizeBytes + 12 * CopyFixture.partBytes && fixture.records.begun == 1)
  }

  @Test func aDatabaseThatIsAwayForAWhileDoesNotStopTheCopy() async throws {
    var fixture = try CopyFixture()
    fixture.policy.windowParts = 2
    fixture.records.failSaves(5)
    let wanted = fixture.bytes(20 * Self.part)
    let copy = try await fixture.copier.copy(try await fixture.job(wanted: wanted, at: [fixture.us]))
    #expect(try await fixture.stored(copy.key) == wanted)
  }
}
