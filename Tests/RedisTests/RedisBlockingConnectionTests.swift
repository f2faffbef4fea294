import Redis
import Testing

// Skipped visibly when MERIDIAN_TEST_REDIS is unset outside CI.
@Suite("Blocking reads", .enabled(if: TestRedis.isEnabled, "MERIDIAN_TEST_REDIS is not set"))
struct RedisBlockingConnectionTests {
  /// A stream with a group, a blocking connection, and the client ID of that connection.
  private func withReader(
    _ body: (_ client: RedisClient, _ reader: RedisBlockingConnection, _ key: String, _ id: Int64) async throws -> Void
  ) async throws {
    try await TestRedis.withClient { client in
      let key = TestRedis.key("stream")
      try await client.streamCreateGroup(key, group: "g")
      let reader = RedisBlockingConnection(client.configuration)
      let id = try await reader.command("CLIENT", "ID").asInteger()
      let result: Result<Void, any Error>
      do { result = .success(try await body(client, reader, key, id)) } catch { result = .failure(error) }
      await reader.close()
      try result.get()
    }
  }

  private func read(_ reader: RedisBlockingConnection, _ key: String, block: Duration) -> Task<
    [RedisStreamEntry], any Error
  > {
    Task { try await reader.streamReadGroup("g", consumer: "c", keys: [key], count: 10, block: block) }
  }

  @Test func anAddedEntryWakesTheReader() async throws {
    try await withReader { client, reader, key, id in
      let reading = read(reader, key, block: .seconds(20))
      #expect(try await eventually { try await TestRedis.isBlocked(clientID: id, seenBy: client) })
      let start = ContinuousClock.now
      try await client.streamAdd(key, fields: [("job", "7")])
      #expect(try await reading.value.compactMap { $0["job"] } == ["7"])
      #expect(start.duration(to: .now) < .seconds(5))
    }
  }

  @Test func aWaitWithoutEntriesEndsEmpty() async throws {
    try await withReader { _, reader, key, _ in
      let start = ContinuousClock.now
      let afterWait = try await reader.streamReadGroup(
        "g", consumer: "c", keys: [key], count: 1, block: .milliseconds(50))
      #expect(afterWait == [])
      #expect(start.duration(to: .now) >= .milliseconds(50))
      let withoutBlock = try await reader.streamReadGroup("g", consumer: "c", keys: [key], count: 1, block: nil)
      #expect(withoutBlock == [])
      let withZeroBlock = try await reader.streamReadGroup("g", consumer: "c", keys: [key], count: 1, block: .zero)
      #expect(withZeroBlock == [])
    }
  }

  @Test func cancellationEndsTheWaitAndTheServersPart() async throws {
    try await withReader { client, reader, key, id in
      for _ in 0..<5 {
        let current = try await reader.command("CLIENT", "ID").asInteger()
        let reading = read(reader, key, block: .seconds(60))
        #expect(try await eventually { try await TestRedis.isBlocked(clientID: current, seenBy: client) })
        let start = ContinuousClock.now
        reading.cancel()
        await #expect(throws: RedisError.cancelled) { try await reading.value }
        #expect(start.duration(to: .now) < .seconds(2))
        // The very next command is accepted, on a new connection.
        #expect(try await reader.command("CLIENT", "ID").asInteger() != current)
        #expect(try await eventually { try await !TestRedis.isBlocked(clientID: current, seenBy: client) })
      }
      // Nothing is handed to a reader that is gone.
      try await client.streamAdd(key, fields: [("job", "1")])
      #expect(try await client.streamPendingCount(key, group: "g") == 0)
      _ = id
    }
  }

  @Test func aSecondCommandMeanwhileIsRefused() async throws {
    try await withReader { client, reader, key, id in
      let reading = read(reader, key, block: .seconds(20))
      #expect(try await eventually { try await TestRedis.isBlocked(clientID: id, seenBy: client) })
      #expect(await redisError { () throws(RedisError) in try await reader.command("PING") } == .overloaded)
      try await client.streamAdd(key, fields: [("job", "1")])
      #expect(try await reading.value.count == 1)
      #expect(try await reader.command("PING") == .status("PONG"))
    }
  }

  @Test func closingEndsTheWait() async throws {
    try await withReader { client, reader, key, id in
      let reading = read(reader, key, block: .seconds(60))
      let isWaiting = try await eventually { try await TestRedis.isBlocked(clientID: id, seenBy: client) }
      #expect(isWaiting)
      await reader.close()
      await #expect(throws: RedisError.closed) { try await reading.value }
    }
  }

  @Test(.enabled(if: TestRedis.canStartServer, "redis-server is not installed"))
  func flushingTheServerDuringAReadIsAnError() async throws {
    let server = try await RedisServerProcess()
    defer { server.terminate() }
    try await TestRedis.closing(RedisClient(server.configuration)) { client in
      try await client.streamCreateGroup("s", group: "g")
      let reader = RedisBlockingConnection(server.configuration)
      let id = try await reader.command("CLIENT", "ID").asInteger()
      let reading = read(reader, "s", block: .seconds(20))
      #expect(try await eventually { try await TestRedis.isBlocked(clientID: id, seenBy: client) })
      try await client.command("FLUSHALL").expectOK()
      // Redis 7.0 notices when the stream comes back without the group, later versions at the flush itself.
      try await client.streamAdd("s", fields: [("job", "1")])
      do {
        let entries = try await reading.value
        Issue.record("expected an error, got \(entries)")
      } catch {
        guard case .server(let code, _)? = error as? RedisError else {
          Issue.record("expected a server error, got \(error)")
          return
        }
        #expect(code == "NOGROUP" || code == "UNBLOCKED")
      }
      try await client.streamCreateGroup("s", group: "g")
      #expect(
        try await reader.streamReadGroup("g", consumer: "c", keys: ["s"], count: 1, block: .seconds(1)).count == 1)
      await reader.close()
    }
  }
}
