import Redis
import Testing

// Skipped visibly when MERIDIAN_TEST_REDIS is unset outside CI.
@Suite("Commands against a real server", .enabled(if: TestRedis.isEnabled, "MERIDIAN_TEST_REDIS is not set"))
struct RedisCommandTests {
  @Test func everyKindOfReplyComesBackTyped() async throws {
    try await TestRedis.withClient { client in
      let key = TestRedis.key()
      #expect(try await client.command("GET", RedisArgument(key)) == .null)
      try await client.command("SET", RedisArgument(key), "value").expectOK()
      #expect(try await client.command("GET", RedisArgument(key)).asString() == "value")
      #expect(try await client.command("STRLEN", RedisArgument(key)).asInteger() == 5)
      let list = try await client.command(["MGET", RedisArgument(key), RedisArgument(TestRedis.key())])
      #expect(list == .array([.string(Array("value".utf8)), .null]))
      #expect(try await client.command("DEL", RedisArgument(key)) == .integer(1))
    }
  }

  @Test func bytesOfEveryValueSurvive() async throws {
    try await TestRedis.withClient { client in
      let key = TestRedis.key()
      let bytes: [UInt8] = Array(0...255) + [0, 13, 10, 0, 13, 10] + Array("$5\r\n*1\r\n".utf8)
      try await client.command("SET", RedisArgument(key), RedisArgument(bytes), "EX", 60).expectOK()
      #expect(try await client.command("GET", RedisArgument(key)).asBytes() == bytes)
      try await client.command("SET", RedisArgument(key), RedisArgument([UInt8]()), "EX", 60).expectOK()
      #expect(try await client.command("GET", RedisArgument(key)).asBytes() == [])
    }
  }

  @Test func aReplyOfManyReadsComesWhole() async throws {
    try await TestRedis.withClient { client in
      let key = TestRedis.key()
      let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      try await client.command("SET", RedisArgument(key), RedisArgument(bytes), "EX", 60).expectOK()
      #expect(try await client.command("GET", RedisArgument(key)).asBytes() == bytes)
    }
  }

  @Test func serverErrorsAreThrownByCommandsAndValuesInPipelines() async throws {
    try await TestRedis.withClient { client in
      let key = TestRedis.key()
      try await client.command("SET", RedisArgument(key), "text", "EX", 60).expectOK()
      let thrown = await redisError { () throws(RedisError) in
        try await client.command("LPUSH", RedisArgument(key), "x")
      }
      guard case .server(code: "WRONGTYPE", _) = thrown else {
        Issue.record("expected WRONGTYPE, got \(String(describing: thrown))")
        return
      }
      let replies = try await client.pipeline([
        ["GET", RedisArgument(key)], ["LPUSH", RedisArgument(key), "x"], ["NOSUCHCOMMAND"],
        ["GET", RedisArgument(key)],
      ])
      #expect(replies.count == 4)
      #expect(try replies[0].asString() == "text")
      guard case .error(let wrongType) = replies[1], case .error(let unknown) = replies[2] else {
        Issue.record("errors are expected as values")
        return
      }
      #expect(wrongType.code == "WRONGTYPE")
      #expect(unknown.code == "ERR")
      #expect(try replies[3].asString() == "text")
      #expect(try await client.pipeline([]) == [])
    }
  }

  @Test func aReplyOfAnotherKindIsUnexpected() async throws {
    try await TestRedis.withClient { client in
      let reply = try await client.command("PING")
      #expect(throws: RedisError.unexpectedReply("expected integer, received status")) { try reply.asInteger() }
      #expect(throws: RedisError.unexpectedReply("expected array, received status")) { try reply.asArray() }
      #expect(
        await redisError { () throws(RedisError) in try await client.command([]) }
          == .invalidCommand("a command without a name"))
    }
  }

  @Test func sixtyFourCallersGetTheirOwnReplies() async throws {
    try await TestRedis.withClient { client in
      let prefix = TestRedis.key()
      try await withThrowingTaskGroup(of: Int.self) { group in
        for caller in 0..<64 {
          group.addTask {
            var matches = 0
            for round in 0..<50 {
              let key = RedisArgument("\(prefix):\(caller):\(round)")
              try await client.command("SET", key, RedisArgument("\(caller)/\(round)"), "EX", 60).expectOK()
              if try await client.command("GET", key).asString() == "\(caller)/\(round)" { matches += 1 }
            }
            return matches
          }
        }
        for try await matches in group { #expect(matches == 50) }
      }
    }
  }

  @Test func theChosenDatabaseIsUsed() async throws {
    let key = TestRedis.key()
    try await TestRedis.withClient { client in
      try await client.command("SET", RedisArgument(key), "zero", "EX", 60).expectOK()
    }
    try await TestRedis.withClient({ $0.database = 5 }) { client in
      let elsewhere = try await client.command("GET", RedisArgument(key))
      #expect(elsewhere == .null)
    }
    try await TestRedis.withClient({ $0.database = 60_000 }) { client in
      let error = await redisError { () throws(RedisError) in try await client.command("PING") }
      #expect(error == .server(code: "ERR", message: "DB index is out of range"))
    }
  }

  @Test func aClosedClientRefuses() async throws {
    let client = RedisClient(try TestRedis.configuration())
    _ = try await client.command("PING")
    await client.close()
    await client.close()
    #expect(await redisError { () throws(RedisError) in try await client.command("PING") } == .closed)
    let unused = RedisClient(try TestRedis.configuration())
    await unused.close()
    #expect(await redisError { () throws(RedisError) in try await unused.command("PING") } == .closed)
  }

  @Test func aCancelledCallerReturnsAndTheConnectionGoesOn() async throws {
    try await TestRedis.withClient({ $0.pipelineConnections = 1 }) { client in
      let list = RedisArgument(TestRedis.key())
      let identity = try await client.command("CLIENT", "ID").asInteger()
      // BLPOP holds the connection's replies back on the server, so the command is surely unanswered when cancelled.
      let waiting = Task { await redisError { () throws(RedisError) in try await client.command("BLPOP", list, "1") } }
      try await TestRedis.withClient { observer in
        let isWaiting = try await eventually { try await TestRedis.isBlocked(clientID: identity, seenBy: observer) }
        #expect(isWaiting)
      }
      let start = ContinuousClock.now
      waiting.cancel()
      #expect(await waiting.value == .cancelled)
      #expect(start.duration(to: .now) < .milliseconds(900))
      #expect(try await client.command("CLIENT", "ID").asInteger() == identity)
      let early = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return await redisError { () throws(RedisError) in try await client.command("PING") }
      }
      #expect(await early.value == .cancelled)
    }
  }

  @Test func aClientNobodyHoldsLetsItsConnectionsGo() async throws {
    try await TestRedis.withClient { observer in
      var client: RedisClient? = RedisClient(try TestRedis.configuration())
      let identity = try await client?.command("CLIENT", "ID").asInteger() ?? 0
      client = nil
      let isGone = try await eventually {
        try await observer.command("CLIENT", "LIST", "ID", RedisArgument(identity)).asString().isEmpty
      }
      #expect(isGone)
    }
  }
}
