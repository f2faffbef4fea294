import Redis
import Testing

// Skipped visibly when MERIDIAN_TEST_REDIS is unset outside CI.
@Suite("Streams against a real server", .enabled(if: TestRedis.isEnabled, "MERIDIAN_TEST_REDIS is not set"))
struct RedisStreamTests {
  @Test func entriesGoThroughAGroup() async throws {
    try await TestRedis.withClient { client in
      let key = TestRedis.key("stream")
      #expect(try await client.streamCreateGroup(key, group: "g"))
      #expect(try await client.streamCreateGroup(key, group: "g") == false)
      let id = try await client.streamAdd(key, fields: [("job", "1"), ("note", "a b\r\nc")])
      let more = try await client.streamAdd(batch: [(key, [("job", "2")]), (key, [("job", "3")])])
      #expect(try more.map { try $0.get() }.count == 2)
      #expect(try await client.streamLength(key) == 3)

      let read = try await client.streamReadGroup("g", consumer: "c1", keys: [key], count: 2)
      #expect(read.map(\.key) == [key, key])
      #expect(read.first?.id == id)
      #expect(read.compactMap { $0["job"] } == ["1", "2"])
      #expect(read.first?["note"] == "a b\r\nc")
      #expect(read.first?["absent"] == nil)
      #expect(try await client.streamPendingCount(key, group: "g") == 2)
      #expect(try await client.streamAcknowledge(key, group: "g", ids: read.map(\.id)) == 2)
      #expect(try await client.streamAcknowledge(key, group: "g", ids: []) == 0)
      #expect(try await client.streamPendingCount(key, group: "g") == 0)
      #expect(try await client.streamDelete(key, ids: read.map(\.id)) == 2)
      #expect(try await client.streamLength(key) == 1)
      #expect(try await client.streamReadGroup("g", consumer: "c1", keys: [key], count: 10).count == 1)
      #expect(try await client.streamReadGroup("g", consumer: "c1", keys: [key], count: 10).isEmpty)
    }
  }

  @Test func abandonedEntriesAreClaimedInSteps() async throws {
    try await TestRedis.withClient { client in
      let key = TestRedis.key("stream")
      try await client.streamCreateGroup(key, group: "g")
      for job in 0..<5 { try await client.streamAdd(key, fields: [("job", "\(job)")]) }
      let lost = try await client.streamReadGroup("g", consumer: "dead", keys: [key], count: 5)
      let deleted = try #require(lost.last)
      try await client.streamDelete(key, ids: [deleted.id])
      let none = try await client.streamAutoClaim(
        key, group: "g", consumer: "alive", minIdle: .seconds(3600), count: 10)
      #expect(none.entries.isEmpty)
      var claimed: [String] = []
      // A step drops what was deleted whether it is idle long enough or not.
      var dropped = none.deletedIDs
      var start = "0-0"
      repeat {
        let step = try await client.streamAutoClaim(
          key, group: "g", consumer: "alive", minIdle: .zero, start: start, count: 2)
        claimed += step.entries.compactMap { $0["job"] }
        dropped += step.deletedIDs
        start = step.nextStart
      } while start != "0-0"
      #expect(claimed == ["0", "1", "2", "3"])
      #expect(dropped == [deleted.id])
    }
  }

  @Test func trimmingAndBounds() async throws {
    try await TestRedis.withClient { client in
      let key = TestRedis.key("stream")
      for job in 0..<20 { try await client.streamAdd(key, fields: [("job", "\(job)")]) }
      #expect(try await client.streamTrim(key, maxLength: 5, approximate: false) == 15)
      #expect(try await client.streamLength(key) == 5)
      for _ in 0..<500 { try await client.streamAdd(key, fields: [("job", "x")], maxLengthApproximate: 100) }
      #expect(try await client.streamLength(key) < 400)
      let empty = await redisError { () throws(RedisError) in try await client.streamAdd(key, fields: []) }
      #expect(empty == .invalidCommand("a stream entry without fields"))
    }
  }

  @Test func missingGroupsAreNamed() async throws {
    try await TestRedis.withClient { client in
      let key = TestRedis.key("stream")
      for error in [
        await redisError { () throws(RedisError) in
          try await client.streamReadGroup("g", consumer: "c", keys: [key], count: 1)
        },
        await redisError { () throws(RedisError) in
          try await client.streamAutoClaim(key, group: "g", consumer: "c", minIdle: .zero, count: 1)
        },
        await redisError { () throws(RedisError) in try await client.streamPendingCount(key, group: "g") },
      ] {
        guard case .server(code: "NOGROUP", _) = error else {
          Issue.record("expected NOGROUP, got \(String(describing: error))")
          continue
        }
      }
      let noStream = await redisError { () throws(RedisError) in
        try await client.streamCreateGroup(key, group: "g", makeStream: false)
      }
      guard case .server(code: "ERR", _) = noStream else {
        Issue.record("expected ERR, got \(String(describing: noStream))")
        return
      }
      let batch = try await client.streamAdd(batch: [(key, [("a", "b")])])
      #expect(try batch.map { try $0.get() }.count == 1)
    }
  }
}
