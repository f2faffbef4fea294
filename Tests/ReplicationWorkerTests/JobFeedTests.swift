import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite(
  "A feed claims what can start, while there is work, and waits for the bell when there is none",
  .timeLimit(.minutes(1)))
struct JobFeedTests {
  @Test func goesOnClaimingUntilAClaimComesBackEmpty() async throws {
    let fixture = try ClaimFixture()
    fixture.claims.add(1...150)
    let slots = JobSlots(count: 1_000)
    await fixture.during({ await fixture.feed(slots: slots).run { fixture.handed.take($0) } }) {
      try? await untilTrue { fixture.pauses.waiting.count == 1 }
    }
    #expect(fixture.handed.ids == Array(1...150))
    #expect(fixture.claims.asked.map(\.limit) == [64, 64, 64, 64])
    #expect(fixture.claims.asked.map(\.namespace) == ["", "turn-64", "turn-128", "turn-150"])
    #expect(slots.free == 1_000 - 150)
  }

  @Test func claimsOnceRightAfterTheRing() async throws {
    let fixture = try ClaimFixture()
    let slots = JobSlots(count: 8)
    try await fixture.during({ await fixture.feed(slots: slots).run { fixture.handed.take($0) } }) {
      try await untilTrue { fixture.pauses.waiting.count == 1 }
      fixture.claims.add(1...1)
      fixture.bell.ring()
      try await untilTrue { fixture.handed.count == 1 }
    }
  }

  @Test func theIntervalFindsWhatNobodyRangFor() async throws {
    let fixture = try ClaimFixture()
    let slots = JobSlots(count: 8)
    try await fixture.during({ await fixture.feed(slots: slots).run { fixture.handed.take($0) } }) {
      try await untilTrue { fixture.pauses.waiting.count == 1 }
      let interval = try #require(fixture.pauses.waiting.first)
      #expect(interval >= .milliseconds(1500) && interval <= .milliseconds(4500))
      fixture.claims.add(1...1)
      fixture.pauses.end()
      try await untilTrue { fixture.handed.count == 1 }
    }
  }

  @Test func neverClaimsMoreThanCanStart() async throws {
    let fixture = try ClaimFixture()
    fixture.claims.add(1...10, sizeBytes: 64 << 20)
    let slots = JobSlots(count: 4)
    try await fixture.during({ await fixture.feed(.large, slots: slots).run { fixture.handed.take($0) } }) {
      try await untilTrue { fixture.handed.count == 4 }
      #expect(slots.free == 0 && fixture.claims.waiting == 6)
      slots.giveBack(1)
      try await untilTrue { fixture.handed.count == 5 }
      #expect(fixture.claims.asked.map(\.limit) == [4, 1])
    }
  }

  @Test func aBusyFeedLetsFreeSlotsGatherBeforeItClaims() async throws {
    let fixture = try ClaimFixture()
    fixture.claims.add(1...200)
    let slots = JobSlots(count: 64)
    try await fixture.during({ await fixture.feed(slots: slots).run { fixture.handed.take($0) } }) {
      try await untilTrue { fixture.handed.count == 64 }
      slots.giveBack(1)
      try await untilTrue { fixture.pauses.waiting == [FeedPace().gathering] }
      slots.giveBack(30)
      fixture.pauses.end()
      try await untilTrue { fixture.handed.count == 95 }
      #expect(fixture.claims.asked.map(\.limit) == [64, 31])
    }
  }

  @Test func goesOnAfterTheDatabaseWasAway() async throws {
    let fixture = try ClaimFixture()
    fixture.claims.add(1...1)
    fixture.claims.fail(2)
    let slots = JobSlots(count: 8)
    try await fixture.during({ await fixture.feed(slots: slots).run { fixture.handed.take($0) } }) {
      for asked in 1...2 {
        try await untilTrue { fixture.claims.asked.count == asked && fixture.pauses.waiting.count == 1 }
        fixture.pauses.end()
      }
      try await untilTrue { fixture.handed.count == 1 }
      #expect(slots.free == 7)
    }
  }

  @Test func aTargetThatFailsIsLeftAloneThenTriedWithOneJob() async throws {
    let fixture = try ClaimFixture()
    fixture.breakTarget()
    fixture.claims.add(1...20)
    let slots = JobSlots(count: 8)
    try await fixture.during({ await fixture.feed(slots: slots).run { fixture.handed.take($0) } }) {
      try await untilTrue { fixture.pauses.waiting == [.seconds(1)] }
      #expect(fixture.claims.asked.isEmpty && slots.free == 8)
      fixture.time.set(fixture.time.value + .seconds(1))
      fixture.pauses.end()
      try await untilTrue { fixture.handed.count == 1 && fixture.pauses.waiting.count == 1 }
      #expect(fixture.handed.all.first?.isProbe == true)
      #expect(fixture.claims.asked.map(\.limit) == [1] && fixture.store.calls(.probe) == 1)
      // The copy went well.
      fixture.breakers.record(fixture.store.location, nil)
      try await untilTrue { fixture.handed.count == 8 }
      #expect(fixture.handed.all.dropFirst().allSatisfy { !$0.isProbe })
    }
  }

  @Test func aStoreThatDoesNotEvenAnswerItsProbeCostsNoJobAnAttempt() async throws {
    let fixture = try ClaimFixture()
    fixture.breakTarget()
    fixture.claims.add(1...20)
    fixture.store.fail(.probe, with: .unreachable(detail: "test"))
    let slots = JobSlots(count: 8)
    try await fixture.during({ await fixture.feed(slots: slots).run { fixture.handed.take($0) } }) {
      try await untilTrue { fixture.pauses.waiting == [.seconds(1)] }
      fixture.time.set(fixture.time.value + .seconds(1))
      fixture.pauses.end()
      try await untilTrue { fixture.pauses.waiting == [.seconds(2)] }
      #expect(fixture.claims.asked.isEmpty && fixture.handed.count == 0)
    }
  }

  @Test func aProbeThatSaysNothingLetsTheNextOneTry() async throws {
    let fixture = try ClaimFixture()
    fixture.breakTarget()
    fixture.claims.add(1...20)
    let slots = JobSlots(count: 8)
    try await fixture.during({ await fixture.feed(slots: slots).run { fixture.handed.take($0) } }) {
      try await untilTrue { fixture.pauses.waiting == [.seconds(1)] }
      fixture.time.set(fixture.time.value + .seconds(1))
      fixture.pauses.end()
      try await untilTrue { fixture.handed.count == 1 && fixture.pauses.waiting.count == 1 }
      fixture.gate.probeEnded()
      try await untilTrue { fixture.handed.count == 2 }
    }
  }

  @Test func claimsSlowlyWhileNothingCanBeCopied() async throws {
    let fixture = try ClaimFixture()
    fixture.claims.add(1...300)
    let slots = JobSlots(count: 1_000)
    var feed = fixture.feed(slots: slots)
    let brake = FutilityBrake(patience: 3)
    feed.brake = brake
    for _ in 0..<3 { brake.record(.failed) }
    let braked = feed
    try await fixture.during({ await braked.run { fixture.handed.take($0) } }) {
      try await untilTrue { fixture.pauses.waiting == [FeedPace().brakeInterval] }
      #expect(fixture.handed.count == 64)
      brake.record(.interrupted)
      #expect(brake.isOn)
      brake.record(.done)
      fixture.pauses.end()
      try await untilTrue { fixture.handed.count == 300 }
    }
  }
}
