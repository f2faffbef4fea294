import Shared
import Synchronization
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("The doorbell rings for every message and keeps none", .timeLimit(.minutes(1)))
struct DoorbellTests {
  private let fixture: ClaimFixture

  init() throws { fixture = try ClaimFixture() }

  private func announce(_ ids: ClosedRange<Int64>, _ lane: Lane = .normal) async throws {
    try await fixture.queue.announce(
      ids.map { JobAnnouncement(id: JobID(rawValue: $0), target: fixture.store.location, lane: lane) })
  }

  @Test func ringsAndTakesTheMessagesOutOfTheQueue() async throws {
    try await fixture.during({ await fixture.doorbell.run { _ in } }) {
      try await announce(1...3)
      try await untilTrue { fixture.bell.count == 1 }
      try await untilTrue {
        try await fixture.queue.recoverAbandoned(
          targets: [fixture.store.location], consumer: "other", minimumIdle: .zero, limit: 10
        ).isEmpty
      }
    }
  }

  @Test func passesOnTheJobsThatSomebodyWaitsFor() async throws {
    let urgent = Mutexed<[JobID]>([])
    try await fixture.during({ await fixture.doorbell.run { urgent.set($0) } }) {
      try await announce(5...5, .urgent)
      try await untilTrue { urgent.value == [JobID(rawValue: 5)] }
    }
  }

  @Test func ringsForMessagesAWorkerDiedWith() async throws {
    let time = Mutexed(ContinuousClock.now)
    let queue = MemoryReplicationQueue(now: { time.value })
    let target = fixture.store.location
    try await queue.announce([JobAnnouncement(id: JobID(rawValue: 1), target: target, lane: .normal)])
    _ = try await queue.receive(targets: [target], consumer: "dead", limit: 1, wait: .zero)
    let doorbell = Doorbell(
      target: target, consumer: "alive", queue: queue, bell: fixture.bell, pace: FeedPace(),
      pause: fixture.pauses.pause, logger: fixture.logger)
    try await fixture.during({ await doorbell.run { _ in } }) {
      try await untilTrue { fixture.pauses.waiting.count == 1 }
      time.set(time.value + .seconds(60))
      fixture.pauses.end()
      try await untilTrue { fixture.bell.count == 1 }
    }
  }

  @Test func aQueueThatIsClosedIsAskedAgainLater() async throws {
    await fixture.queue.close()
    try await fixture.during({ await fixture.doorbell.run { _ in } }) {
      // One wait of the listener, one of the recovery.
      try await untilTrue { fixture.pauses.waiting.count == 2 }
      #expect(fixture.pauses.waiting.contains { $0 <= .milliseconds(200) })
      #expect(fixture.bell.count == 0)
    }
  }

  @Test func urgentJobsHaveSlotsOfTheirOwn() async throws {
    fixture.claims.add(1...5, sizeBytes: 64 << 20, lane: .urgent)
    let express = ExpressLane(
      claims: fixture.claims, slots: JobSlots(count: 2), gate: fixture.gate, logger: fixture.logger)
    await express.take([3, 4, 5].map { JobID(rawValue: $0) }) { fixture.handed.take($0) }
    #expect(fixture.handed.ids == [3, 4] && express.slots.free == 0)
    await express.take([JobID(rawValue: 5)]) { fixture.handed.take($0) }
    #expect(fixture.handed.ids == [3, 4], "what finds no slot is left to the feeds")
    express.slots.giveBack(2)
    await express.take([JobID(rawValue: 3)]) { fixture.handed.take($0) }
    #expect(express.slots.free == 2, "a job that is claimed already takes no slot")
    fixture.breakTarget()
    await express.take([JobID(rawValue: 5)]) { fixture.handed.take($0) }
    #expect(fixture.handed.ids == [3, 4])
  }
}
