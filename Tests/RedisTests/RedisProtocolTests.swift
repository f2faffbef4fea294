import Glibc
import Testing

@testable import Redis

/// Replies of a server that means harm: errors are expected, never a crash and never an allocation to match a claim.
@Suite("Hostile replies", .serialized)
struct RedisProtocolTests {
  private func configuration(_ server: ScriptedServer) -> RedisConfiguration {
    var configuration = RedisConfiguration(
      host: "127.0.0.1", port: server.port, connectTimeout: .seconds(3), commandTimeout: .seconds(3),
      pipelineConnections: 1, maxReplyBytes: 1 << 20, maxReplyElements: 10_000)
    configuration.backoff = RedisBackoff(initial: .seconds(30), cap: .seconds(30))
    return configuration
  }

  /// The error of the first command against a server that answers it with `text`.
  private func error(answering text: String, then last: ScriptedServer.Step = .hang) async throws -> RedisError? {
    try await error(script: [.send(Array(text.utf8)), last])
  }

  private func error(
    script: [ScriptedServer.Step], timeout: Duration? = nil, adjust: (inout RedisConfiguration) -> Void = { _ in }
  ) async throws -> RedisError? {
    let server = try ScriptedServer(script)
    defer { server.stop() }
    var configuration = configuration(server)
    adjust(&configuration)
    let settings = configuration
    return try await TestRedis.closing(RedisClient(settings)) { client in
      await redisError { () throws(RedisError) in try await client.command(["GET", "x"], timeout: timeout) }
    }
  }

  private func isViolation(_ error: RedisError?) -> Bool {
    if case .protocolViolation = error { true } else { false }
  }

  private func isLoss(_ error: RedisError?) -> Bool {
    if case .connectionLost = error { true } else { false }
  }

  @Test(arguments: [
    "garbage\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n\r\n", "\0\0\0\0", "$-2\r\n", "$abc\r\n", "$\r\n",
    "*-2\r\n", "*abc\r\n", "*99999999999999999999\r\n", "$99999999999999999999\r\n", ":\r\n", ":12x\r\n",
    ":99999999999999999999\r\n", "%1\r\n+a\r\n+b\r\n", "*1\r\n?\r\n", "*2147483647\r\n", "*4294967296\r\n",
    "*10001\r\n",
  ])
  func bytesThatAreNoReply(text: String) async throws {
    #expect(isViolation(try await error(answering: text)))
  }

  @Test func aClaimOfManyElementsIsRefusedUnallocated() async throws {
    let before = try peakMemoryKiB()
    for text in ["*2147483647\r\n", "*1\r\n*2147483647\r\n", "*5000\r\n*5001\r\n"] {
      #expect(isViolation(try await error(answering: text)))
    }
    // Under the sanitizers the address space is theirs; the figure only means something without.
    #expect(try peakMemoryKiB() - before < 1 << 20)
  }

  @Test func aClaimOfManyBytesIsNotReserved() async throws {
    let before = try peakMemoryKiB()
    for length in ["2147483647", "9223372036854775807", "9223372036854775800"] {
      let error = try await error(script: [.send(Array("$\(length)\r\nabc".utf8)), .hang], timeout: .milliseconds(200))
      #expect(error == .timeout || isViolation(error))
    }
    #expect(try peakMemoryKiB() - before < 1 << 20)
  }

  @Test func aReplyThatNeverEndsIsCutOff() async throws {
    let chunk = [UInt8](repeating: UInt8(ascii: "a"), count: 64 << 10)
    #expect(isViolation(try await error(script: [.send(Array("$100000000\r\n".utf8)), .flood(chunk, times: 4096)])))
    #expect(isViolation(try await error(script: [.send(Array("+".utf8)), .flood(chunk, times: 4096)])))
    let element = Array("$1000\r\n".utf8) + [UInt8](repeating: 0, count: 1000) + [13, 10]
    #expect(isViolation(try await error(script: [.send(Array("*9999\r\n".utf8)), .flood(element, times: 9999)])))
  }

  @Test func nestingIsBoundedByTheConfigurationAndByHiredis() async throws {
    let deepest = String(repeating: "*1\r\n", count: 8) + ":1\r\n"
    #expect(try await error(answering: deepest) == nil)
    #expect(isViolation(try await error(answering: String(repeating: "*1\r\n", count: 9) + ":1\r\n")))
    let script: [ScriptedServer.Step] = [.send(Array(String(repeating: "*1\r\n", count: 100_000).utf8)), .hang]
    #expect(isViolation(try await error(script: script) { $0.maxReplyDepth = 1_000_000 }))
    // hiredis' own limit, found with ours out of the way.
    var accepted: [Int] = []
    for depth in 5...12 {
      let nested = Array((String(repeating: "*1\r\n", count: depth) + ":1\r\n").utf8)
      let error = try await error(script: [.send(nested), .hang]) { $0.maxReplyDepth = 100 }
      if error == nil { accepted.append(depth) } else { #expect(isViolation(error)) }
    }
    #expect(accepted == [5, 6, 7, 8])
    let shallow = "*1\r\n*1\r\n*1\r\n:1\r\n"
    #expect(isViolation(try await error(script: [.send(Array(shallow.utf8)), .hang]) { $0.maxReplyDepth = 2 }))
  }

  @Test func connectionsThatEndMidReply() async throws {
    #expect(isLoss(try await error(answering: "$10\r\nabc", then: .close)))
    #expect(isLoss(try await error(answering: "$10\r\nabc", then: .reset)))
    #expect(isLoss(try await error(answering: "*3\r\n:1\r\n", then: .reset)))
    #expect(isLoss(try await error(script: [.close])))
  }

  @Test func aReplyNobodyAskedForEndsTheConnection() async throws {
    let server = try ScriptedServer(answering: "+one\r\n+two\r\n")
    defer { server.stop() }
    var configuration = configuration(server)
    configuration.backoff = RedisBackoff(initial: .milliseconds(1), cap: .milliseconds(1))
    try await TestRedis.closing(RedisClient(configuration)) { client in
      let first = try await client.command("GET", "x")
      #expect(first == .status("one"))
      // Were the connection kept, this would be answered with "two".
      #expect(
        await eventually {
          let reply = await redisError { () throws(RedisError) in try await client.command("GET", "x").expectOK() }
          return reply == .unexpectedReply("expected OK, received status") && server.connectionCount >= 2
        })
    }
  }

  @Test func aServerThatAcceptsAndSaysNothingIsNoConnection() async throws {
    let server = try ScriptedServer([.hang], greets: false)
    defer { server.stop() }
    var configuration = configuration(server)
    configuration.connectTimeout = .milliseconds(200)
    try await TestRedis.closing(RedisClient(configuration)) { client in
      let first = await redisError { () throws(RedisError) in try await client.command("PING") }
      #expect(first == .connectionFailed("no answer to PING in time"))
      let start = ContinuousClock.now
      let second = await redisError { () throws(RedisError) in try await client.command("PING") }
      #expect(second == first)
      #expect(start.duration(to: .now) < .milliseconds(150))
      #expect(server.connectionCount == 1)
    }
  }

  @Test func passingConditionsKeepTheirCode() async throws {
    let loading = try await error(answering: "-LOADING Redis is loading the dataset in memory\r\n")
    #expect(loading == .server(code: "LOADING", message: "Redis is loading the dataset in memory"))
    #expect(loading?.isRetryable == true)
  }

  @Test func damagedRepliesNeverCrash() async throws {
    let sound = Array("*4\r\n$3\r\nabc\r\n:42\r\n*2\r\n+OK\r\n-ERR no\r\n$-1\r\n".utf8)
    var random = SystemRandomNumberGenerator()
    var refusals = 0
    for _ in 0..<300 {
      var damaged = sound
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: damaged.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: damaged[place] = UInt8.random(in: 0...255, using: &random)
        case 1: damaged.remove(at: place)
        default: damaged.insert(Array("*$:+-0129\r\n".utf8).randomElement(using: &random) ?? 0, at: place)
        }
      }
      if try await error(script: [.send(damaged), .close]) != nil { refusals += 1 }
    }
    #expect(refusals > 0)
  }

  @Test func malformedStreamRepliesAreUnexpected() async throws {
    for text in [
      "+OK\r\n", ":1\r\n", "*1\r\n+x\r\n", "*1\r\n*1\r\n+k\r\n", "*1\r\n*2\r\n+k\r\n+v\r\n",
      "*1\r\n*2\r\n+k\r\n*1\r\n*2\r\n+1-0\r\n*1\r\n+odd\r\n", "*1\r\n*2\r\n:5\r\n*0\r\n",
    ] {
      let server = try ScriptedServer(answering: text)
      defer { server.stop() }
      try await TestRedis.closing(RedisClient(configuration(server))) { client in
        let error = await redisError { () throws(RedisError) in
          try await client.streamReadGroup("g", consumer: "c", keys: ["k"], count: 1)
        }
        guard case .unexpectedReply = error else {
          Issue.record("expected unexpectedReply for \(text.debugDescription), got \(String(describing: error))")
          return
        }
      }
    }
  }

  /// The largest address space this process has had.
  private func peakMemoryKiB() throws -> Int {
    let file = try #require(fopen("/proc/self/status", "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("VmPeak:") else { continue }
      return try #require(text.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) })
    }
    return 0
  }
}
