import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("A target's worker stops in good order", .timeLimit(.minutes(1)))
struct TargetWorkerTests {
  private let fixture: ClaimFixture
  private let running = Mutexed<Set<Int64>>([])
  private let cut = Mutexed<Set<Int64>>([])
  /// Like no other wait of a worker.
  private let grace: Duration = .seconds(7)

  init() throws { fixture = try ClaimFixture() }

  private func worker(until finished: Bell) -> TargetWorker {
    let claims = fixture.claims
    var pace = FeedPace()
    pace.shutdownGrace = grace
    return TargetWorker(
      doorbell: fixture.doorbell,
      express: ExpressLane(claims: claims, slots: JobSlots(count: 2), gate: fixture.gate, logger: fixture.logger),
      feeds: [
        fixture.feed(.small, slots: JobSlots(count: 4)), fixture.feed(.large, slots: JobSlots(count: 2)),
      ],
      work: { [running, cut] job in
        let id = job.id.rawValue
        running.change { $0.insert(id) }
        await finished.wait(after: 0)
        if Task.isCancelled { cut.change { $0.insert(id) } }
        running.change { $0.remove(id) }
      },
      leases: LeaseKeeper(lease: .seconds(60), pause: fixture.pauses.pause, logger: fixture.logger) { jobs, _ in
        Set(jobs.map(\.id))
      },
      gate: fixture.gate, pace: pace, pause: fixture.pauses.pause, logger: fixture.logger)
  }

  @Test func onShutdownLargeCopiesAreCutAtOnceAndSmallOnesFinish() async throws {
    fixture.claims.add(1...1)
    fixture.claims.add(2...2, sizeBytes: 64 << 20)
    let finished = Bell()
    let worker = worker(until: finished)
    try await testGracefulShutdown { shutdown in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await worker.run() }
        try await untilTrue { running.value == [1, 2] }
        shutdown.triggerGracefulShutdown()
        try await untilTrue { running.value == [1] }
        #expect(cut.value == [2])
        fixture.claims.add(3...3)
        fixture.bell.ring()
        finished.ring()
        try await group.waitForAll()
      }
    }
    #expect(cut.value == [2] && fixture.claims.waiting == 1, "nothing is claimed after shutdown has begun")
  }

  @Test func smallCopiesThatTakeLongerThanTheGraceAreCutToo() async throws {
    fixture.claims.add(1...1)
    let worker = worker(until: Bell())
    try await testGracefulShutdown { shutdown in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await worker.run() }
        try await untilTrue { running.value == [1] }
        shutdown.triggerGracefulShutdown()
        try await untilTrue { fixture.pauses.waiting.contains(grace) }
        #expect(running.value == [1])
        fixture.pauses.end()
        try await group.waitForAll()
      }
    }
    #expect(cut.value == [1])
  }

  @Test func aMessageLeadsToACopyAndTheSlotIsGivenBack() async throws {
    let finished = Bell()
    finished.ring()
    let worker = worker(until: finished)
    try await fixture.during({ try? await worker.run() }) {
      try await untilTrue { fixture.claims.asked.count >= 2 }
      fixture.claims.add(1...40)
      try await fixture.queue.announce([
        JobAnnouncement(id: JobID(rawValue: 1), target: fixture.store.location, lane: .normal)
      ])
      try await untilTrue { fixture.claims.waiting == 0 && running.value.isEmpty }
    }
  }
}
