import Redis
import Shared
import TestSupport
import Testing

@Suite("Health services exchange snapshots and drains through Redis", .enabled(if: RedisQueueFixture.isEnabled))
struct RedisHealthBoardTests {
  private func with(_ body: (RedisHealthBoard, RedisClient, String) async throws -> Void) async throws {
    guard let url = RedisQueueFixture.serverURL else { throw FixtureUnavailable(variable: "MERIDIAN_TEST_REDIS") }
    let prefix = "test-\(RandomIdentifier().hex):"
    let client = RedisClient(try RedisConfiguration(url: url))
    let board = RedisHealthBoard(try RedisConfiguration(url: url), keyPrefix: prefix)
    try await body(board, client, prefix)
    _ = try await client.command(
      "DEL", RedisArgument("\(prefix)health:snapshots"), RedisArgument("\(prefix)health:drains"))
    await board.close()
    await client.close()
  }

  @Test func eachServiceHasItsOwnPlaceAndAgesAreTheServers() async throws {
    try await with { board, client, prefix in
      #expect(try await board.observations().isEmpty)
      for instance in ["us-1", "us-2"] {
        try await board.publish(try SnapshotMaking.snapshot("us", instance: instance))
      }
      let newer = try SnapshotMaking.snapshot("us", instance: "us-1", ["redis": SnapshotMaking.failing()])
      try await board.publish(newer)
      let found = try await board.observations()
      #expect(Set(found.map(\.snapshot.instance)) == ["us-1", "us-2"])
      #expect(found.contains { $0.snapshot == newer && $0.ageMs >= 0 && $0.ageMs < 60_000 })
      // What nobody can read hides nothing.
      _ = try await client.command("HSET", RedisArgument("\(prefix)health:snapshots"), "eu/x", "12:{")
      _ = try await client.command("HSET", RedisArgument("\(prefix)health:snapshots"), "eu/y", "nonsense")
      #expect(try await board.observations().count == 2)
    }
  }

  @Test func servicesOfThePastAreDroppedOnceThereAreMany() async throws {
    try await with { board, client, prefix in
      for index in 0..<40 {
        _ = try await client.command(
          "HSET", RedisArgument("\(prefix)health:snapshots"), RedisArgument("us/old-\(index)"), "1:{}")
      }
      try await board.publish(try SnapshotMaking.snapshot("us"))
      let left = try await client.command("HLEN", RedisArgument("\(prefix)health:snapshots")).asInteger()
      #expect(left == 1)
    }
  }

  @Test func theLatestListOfDrainsIsKept() async throws {
    try await with { board, _, _ in
      #expect(try await board.drains() == nil)
      let drain = RegionDrain(region: "us", direction: .both, reason: "disks", by: "admin", sinceMs: 5, untilMs: 9_000)
      let list = DrainList(drains: [drain], nowMs: 2_000)
      try await board.mirror(list)
      #expect(try #require(try await board.drains()).list == list)
      // Who read the database earlier does not undo it.
      try await board.mirror(DrainList(drains: [], nowMs: 1_999))
      #expect(try #require(try await board.drains()).list == list)
      try await board.mirror(DrainList(drains: [], nowMs: 2_001))
      #expect(try #require(try await board.drains()).list.drains.isEmpty)
      #expect(list.inForce(afterMs: 6_999) == [drain] && list.inForce(afterMs: 7_000).isEmpty)
    }
  }

  @Test func aProbeWritesAndReads() async throws {
    try await with { board, client, prefix in
      try await board.probe(by: "us-1")
      _ = try await client.command("DEL", RedisArgument("\(prefix)health:probe:us-1"))
    }
  }
}
