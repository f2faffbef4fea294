import Redis
import Testing

// These tests start servers of their own; skipped visibly when redis-server is not installed outside CI.
@Suite("Servers that fail", .serialized, .enabled(if: TestRedis.canStartServer, "redis-server is not installed"))
struct RedisAvailabilityTests {
  private func isConnectionError(_ error: RedisError?) -> Bool {
    switch error {
    case .connectionFailed, .connectionLost: true
    default: false
    }
  }

  @Test func aStoppedServerFailsFastAndARestartedOneWorks() async throws {
    let server = try await RedisServerProcess()
    defer { server.terminate() }
    try await TestRedis.closing(RedisClient(server.configuration)) { client in
      _ = try await client.pipeline([["PING"], ["PING"]])
      _ = try await client.command("PING")
      server.terminate()
      #expect(
        await eventually {
          if case .connectionFailed = await redisError(of: { () throws(RedisError) in try await client.command("PING") }
          ) {
            return true
          }
          return false
        })
      let start = ContinuousClock.now
      for _ in 0..<200 {
        let error = await redisError { () throws(RedisError) in try await client.command("PING") }
        #expect(isConnectionError(error))
      }
      #expect(start.duration(to: .now) < .seconds(5))
      try await server.start()
      #expect(
        await eventually {
          await redisError { () throws(RedisError) in try await client.command("PING") } == nil
        })
    }
  }

  @Test func aFrozenServerTimesOutInTimeAndThenFailsFast() async throws {
    let server = try await RedisServerProcess()
    defer { server.terminate() }
    var configuration = server.configuration
    configuration.pipelineConnections = 1
    configuration.commandTimeout = .seconds(30)
    try await TestRedis.closing(RedisClient(configuration)) { client in
      _ = try await client.command("PING")
      server.pause()
      // The patient command goes first; the impatient one's deadline takes the connection down for both.
      let patient = Task { await redisError { () throws(RedisError) in try await client.command("PING") } }
      let start = ContinuousClock.now
      let error = await redisError { () throws(RedisError) in
        try await client.command("PING", timeout: .milliseconds(200))
      }
      let waited = start.duration(to: .now)
      #expect(error == .timeout)
      #expect(waited >= .milliseconds(200) && waited < .milliseconds(1500))
      // The patient one was sent before and is lost, or arrived after and met the failing new connection.
      #expect(isConnectionError(await patient.value))
      #expect(
        await eventually {
          if case .connectionFailed = await redisError(of: { () throws(RedisError) in
            try await client.command("PING", timeout: .milliseconds(50))
          }) {
            return true
          }
          return false
        })
      server.resume()
      #expect(
        await eventually {
          await redisError { () throws(RedisError) in try await client.command("PING") } == nil
        })
    }
  }

  @Test func aServerNobodyHearsOfFailsWithinTheConnectTimeout() async throws {
    let port = try ScriptedServer.freePort()
    let configuration = RedisConfiguration(host: "127.0.0.1", port: port)
    try await TestRedis.closing(RedisClient(configuration)) { client in
      let start = ContinuousClock.now
      let error = await redisError { () throws(RedisError) in try await client.command("PING") }
      #expect(error == .connectionFailed("Connection refused"))
      #expect(start.duration(to: .now) < .seconds(2))
    }
  }

  @Test func theBoundOnWaitingCommandsHolds() async throws {
    let server = try await RedisServerProcess()
    defer { server.terminate() }
    var configuration = server.configuration
    configuration.pipelineConnections = 1
    configuration.maxPendingCommands = 8
    configuration.maxPendingBytes = 4096
    configuration.commandTimeout = .milliseconds(400)
    try await TestRedis.closing(RedisClient(configuration)) { client in
      _ = try await client.command("PING")
      server.pause()
      let outcomes = await withTaskGroup(of: RedisError?.self) { group in
        for _ in 0..<50 {
          group.addTask { await redisError { () throws(RedisError) in try await client.command("PING") } }
        }
        return await group.reduce(into: [RedisError?]()) { $0.append($1) }
      }
      #expect(outcomes.count { $0 == .overloaded } >= 34)
      #expect(outcomes.count { $0 == nil } == 0)
      server.resume()
      #expect(
        await eventually {
          await redisError { () throws(RedisError) in try await client.command("PING") } == nil
        })
      let large = await redisError { () throws(RedisError) in
        try await client.command("ECHO", RedisArgument([UInt8](repeating: 1, count: 5000)))
      }
      #expect(large == .overloaded)
      let nine = await redisError { () throws(RedisError) in
        try await client.pipeline(Array(repeating: ["PING"], count: 9))
      }
      #expect(nine == .overloaded)
      // The share of every finished command was given back.
      #expect(try await client.pipeline(Array(repeating: ["PING"], count: 8)).count == 8)
    }
  }

  @Test func aWrongPasswordIsSaidWithoutRepeatingIt() async throws {
    let server = try await RedisServerProcess(arguments: ["--requirepass", "right-one"])
    defer { server.terminate() }
    var configuration = server.configuration
    try await TestRedis.closing(RedisClient(configuration)) { client in
      guard
        case .server(code: "NOAUTH", _) = await redisError(of: { () throws(RedisError) in
          try await client.command("GET", "x")
        })
      else {
        Issue.record("expected NOAUTH")
        return
      }
    }
    configuration.password = "wrong-one"
    try await TestRedis.closing(RedisClient(configuration)) { client in
      let error = await redisError { () throws(RedisError) in try await client.command("PING") }
      guard case .server(code: "WRONGPASS", let message) = error else {
        Issue.record("expected WRONGPASS, got \(String(describing: error))")
        return
      }
      #expect(!message.contains("wrong-one"))
      #expect(error?.isRetryable == false)
    }
    configuration.password = "right-one"
    configuration.username = "default"
    configuration.database = 3
    try await TestRedis.closing(RedisClient(configuration)) { client in
      let pong = try await client.command("PING")
      #expect(pong == .status("PONG"))
      let isInDatabase = try await client.command("CLIENT", "INFO").asString().contains(" db=3 ")
      #expect(isInDatabase)
    }
  }

  @Test func aReplicasRefusalToWriteKeepsItsCode() async throws {
    let server = try await RedisServerProcess(arguments: ["--replicaof", "127.0.0.1 1"])
    defer { server.terminate() }
    try await TestRedis.closing(RedisClient(server.configuration)) { client in
      let error = await redisError { () throws(RedisError) in try await client.command("SET", "k", "v") }
      guard case .server(code: "READONLY", _) = error else {
        Issue.record("expected READONLY, got \(String(describing: error))")
        return
      }
      #expect(error?.isRetryable == true)
    }
  }

  @Test func callersSurviveAServerThatKeepsDying() async throws {
    let server = try await RedisServerProcess()
    defer { server.terminate() }
    try await TestRedis.closing(RedisClient(server.configuration)) { client in
      let callers = (0..<16).map { caller in
        Task {
          var served = 0
          while !Task.isCancelled {
            let text = "\(caller):\(served)"
            do throws(RedisError) {
              let echo = try await client.command("ECHO", RedisArgument(text)).asString()
              #expect(echo == text)
              served += 1
            } catch {
              #expect(error.isRetryable || error == .cancelled)
              await Task.yield()
            }
          }
          return served
        }
      }
      for _ in 0..<3 {
        _ = try await eventually { try await client.pipeline([["PING"]]).count == 1 }
        server.terminate()
        try await server.start()
        #expect(
          await eventually {
            await redisError { () throws(RedisError) in try await client.command("PING") } == nil
          })
      }
      for caller in callers { caller.cancel() }
      for caller in callers { #expect(await caller.value > 0) }
    }
  }
}
