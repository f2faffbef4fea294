import Redis
import Shared
import TestSupport
import Testing

@Suite("Replication queue in memory")
struct MemoryReplicationQueueTests {
  @Test("keeps the contract", arguments: ReplicationQueueContract.Rule.allCases)
  func keepsContract(_ rule: ReplicationQueueContract.Rule) async throws {
    try await ReplicationQueueContract(MemoryReplicationQueue()).check(rule)
  }

  @Test("keeps the newest messages of a full stream")
  func bounded() async throws {
    let queue = MemoryReplicationQueue(streamLength: 3)
    let eu = try LocationID(parsing: "eu")
    try await queue.announce((1...5).map { JobAnnouncement(id: JobID(rawValue: $0), target: eu, lane: .normal) })
    let received = try await queue.receive(targets: [eu], consumer: "c", limit: 9, wait: .zero)
    #expect(received.map(\.id.rawValue) == [3, 4, 5])
  }
}

@Suite("Replication queue on Redis", .enabled(if: RedisQueueFixture.isEnabled, "MERIDIAN_TEST_REDIS is not set"))
struct RedisReplicationQueueTests {
  private func stream(_ fixture: RedisQueueFixture, _ lane: String = "normal") -> RedisArgument {
    RedisArgument("\(fixture.prefix)replication:{eu}:\(lane)")
  }

  @Test("keeps the contract", arguments: ReplicationQueueContract.Rule.allCases)
  func keepsContract(_ rule: ReplicationQueueContract.Rule) async throws {
    try await RedisQueueFixture.with { fixture in
      try await ReplicationQueueContract(fixture.queue).check(rule)
    }
  }

  @Test("a message that cannot be read is set aside, and the others arrive")
  func deadLetters() async throws {
    try await RedisQueueFixture.with { fixture in
      let eu = try LocationID(parsing: "eu")
      for value in ["garbage", "-5", "99999999999999999999", "", "\u{0}"] {
        _ = try await fixture.client.command("XADD", stream(fixture), "*", "job", RedisArgument(value))
      }
      _ = try await fixture.client.command("XADD", stream(fixture), "*", "other", "1")
      _ = try await fixture.client.command("XADD", stream(fixture), "*", "job", "1", "job", "2")
      try await fixture.queue.announce([JobAnnouncement(id: JobID(rawValue: 7), target: eu, lane: .normal)])
      let received = try await fixture.queue.receive(targets: [eu], consumer: "c", limit: 99, wait: .zero)
      #expect(received.map(\.id.rawValue) == [7])
      #expect(try await fixture.queue.deadLetterCount(targets: [eu]) == 7)
      #expect(try await fixture.client.command("XLEN", stream(fixture)).asInteger() == 1)
      #expect(
        try await fixture.queue.recoverAbandoned(targets: [eu], consumer: "d", minimumIdle: .zero, limit: 9).count == 1)
    }
  }

  @Test("after a loss of all data the next announcement is delivered without a restart")
  func survivesFlush() async throws {
    try await RedisQueueFixture.with { fixture in
      let eu = try LocationID(parsing: "eu")
      let job = JobAnnouncement(id: JobID(rawValue: 7), target: eu, lane: .urgent)
      try await fixture.queue.announce([job])
      #expect(try await fixture.queue.receive(targets: [eu], consumer: "c", limit: 9, wait: .zero).count == 1)
      try await fixture.loseEverything()
      try await fixture.queue.announce([job])
      let again = try await fixture.queue.receive(targets: [eu], consumer: "c", limit: 9, wait: .seconds(5))
      #expect(again.map(\.id) == [job.id])
      async let waiting = fixture.queue.receive(targets: [eu], consumer: "c", limit: 9, wait: .seconds(5))
      try await fixture.loseEverything()
      try await fixture.queue.announce([job])
      // The wait may have been broken off by the loss; what was announced after it arrives then or with the next call.
      var received = try await waiting
      if received.isEmpty {
        received = try await fixture.queue.receive(targets: [eu], consumer: "c", limit: 9, wait: .seconds(5))
      }
      #expect(received.map(\.id) == [job.id])
      #expect(
        try await fixture.queue.recoverAbandoned(targets: [eu], consumer: "d", minimumIdle: .zero, limit: 9).count == 1)
    }
  }

  @Test("a stream is trimmed to about its length, and acknowledged messages leave it")
  func boundedLength() async throws {
    try await RedisQueueFixture.with(streamLength: 100) { fixture in
      let eu = try LocationID(parsing: "eu")
      try await fixture.queue.announce(
        (1...5000).map { JobAnnouncement(id: JobID(rawValue: $0), target: eu, lane: .normal) })
      let length = try await fixture.client.command("XLEN", stream(fixture)).asInteger()
      #expect((100..<400).contains(length))
      while true {
        let received = try await fixture.queue.receive(targets: [eu], consumer: "c", limit: 64, wait: .zero)
        if received.isEmpty { break }
        try await fixture.queue.acknowledge(received)
      }
      #expect(try await fixture.client.command("XLEN", stream(fixture)).asInteger() == 0)
    }
  }

  @Test("a key of another type is an error, not a crash")
  func wrongType() async throws {
    try await RedisQueueFixture.with { fixture in
      let eu = try LocationID(parsing: "eu")
      _ = try await fixture.client.command("SET", stream(fixture), "x")
      await #expect(throws: QueueError.self) {
        try await fixture.queue.announce([JobAnnouncement(id: JobID(rawValue: 1), target: eu, lane: .normal)])
      }
      await #expect(throws: QueueError.self) {
        try await fixture.queue.receive(targets: [eu], consumer: "c", limit: 9, wait: .zero)
      }
    }
  }

  @Test("a server that is not there is unavailable at once")
  func unavailable() async throws {
    let queue = RedisReplicationQueue(RedisConfiguration(host: "127.0.0.1", port: 1))
    let eu = try LocationID(parsing: "eu")
    let started = ContinuousClock.now
    let error = await #expect(throws: QueueError.self) {
      try await queue.receive(targets: [eu], consumer: "c", limit: 9, wait: .seconds(30))
    }
    #expect(error?.isRetryable == true)
    #expect(started.duration(to: .now) < .seconds(10))
    await queue.close()
  }
}
