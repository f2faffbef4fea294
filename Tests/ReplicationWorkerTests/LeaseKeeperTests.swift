import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("Leases are kept while copies live, and a copy ends when its lease is lost (I9)", .timeLimit(.minutes(1)))
struct LeaseKeeperTests {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func job(_ id: Int64) throws -> ReplicationJob {
    ReplicationJob(
      id: JobID(rawValue: id), blob: BlobID(rawValue: id), digest: Digest(of: []), sizeBytes: 1,
      target: try LocationID(parsing: "eustorage"), lane: .normal, attempt: 1, leaseToken: RandomIdentifier(),
      createdAtMs: 0)
  }

  @Test func extendsWhatIsHeldAndNothingElse() async throws {
    let extended = Mutexed<[Int64]>([])
    let keeper = LeaseKeeper(lease: .seconds(60), logger: logger) { jobs, lease in
      #expect(lease == .seconds(60))
      extended.set(jobs.map(\.id.rawValue).sorted())
      return Set(jobs.map(\.id))
    }
    await keeper.beat()
    #expect(extended.value.isEmpty)
    let gate = Gate()
    let jobs = try [1, 2].map { try job($0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for job in jobs { group.addTask { await keeper.keeping(job) { await gate.pass() } } }
      try await untilTrue { gate.waiting == 2 }
      await keeper.beat()
      #expect(extended.value == [1, 2] && keeper.count == 2)
      gate.open()
      try await group.waitForAll()
    }
    #expect(keeper.count == 0)
  }

  @Test func aCopyWhoseLeaseIsLostIsCancelledAndNoOther() async throws {
    let lost = try job(1)
    let kept = try job(2)
    let keeper = LeaseKeeper(lease: .seconds(60), logger: logger) { _, _ in [kept.id] }
    let cancelled = Mutexed<[Int64]>([])
    let never = Bell()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for job in [lost, kept] {
        group.addTask {
          await keeper.keeping(job) {
            await never.wait(after: 0)
            if Task.isCancelled { cancelled.set(cancelled.value + [job.id.rawValue]) }
          }
        }
      }
      try await untilTrue { keeper.count == 2 }
      await keeper.beat()
      try await untilTrue { keeper.count == 1 }
      #expect(cancelled.value == [1])
      group.cancelAll()
    }
  }

  @Test func beatsThreeTimesInALeaseAndOutlivesABeatThatFails() async throws {
    struct Away: Error {}
    let pauses = HeldPauses()
    let beats = Mutexed(0)
    let keeper = LeaseKeeper(lease: .seconds(60), pause: pauses.pause, logger: logger) { jobs, _ in
      beats.set(beats.value + 1)
      if beats.value == 1 { throw Away() }
      return Set(jobs.map(\.id))
    }
    let never = Bell()
    let job = try job(1)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await keeper.run() }
      group.addTask { await keeper.keeping(job) { await never.wait(after: 0) } }
      for beat in 0..<3 {
        try await untilTrue { beats.value == beat && pauses.waiting == [.seconds(20)] && keeper.count == 1 }
        pauses.end()
      }
      group.cancelAll()
    }
  }
}
