import Glibc
import Testing

@testable import Redis

@Suite("Configuration, backoff and encoding")
struct RedisConfigurationTests {
  @Test func urlsAreRead() throws {
    let full = try RedisConfiguration(url: "redis://me:p%40ss%2F@cache.example:6380/7")
    #expect(full.host == "cache.example")
    #expect(full.port == 6380)
    #expect(full.username == "me")
    #expect(full.password == "p@ss/")
    #expect(full.database == 7)
    let short = try RedisConfiguration(url: "redis://localhost")
    #expect(short == RedisConfiguration(host: "localhost"))
    let noUser = try RedisConfiguration(url: "REDIS://:secret@[::1]:7000/")
    #expect(noUser.host == "::1")
    #expect(noUser.port == 7000)
    #expect(noUser.username == nil)
    #expect(noUser.password == "secret")
  }

  @Test(arguments: [
    "", "localhost", "http://h", "rediss://h", "redis://", "redis://:0", "redis://h:0", "redis://h:65536",
    "redis://h:x", "redis://h:+1", "redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://me@h", "redis://h?x=1",
    "redis://a:%zz@h", "redis://a:%ff@h", "redis://[::1", "redis://[::1]x", "redis://h h",
    "redis://h:99999999999999999999", "redis://h/99999999999999999999",
  ])
  func brokenURLsAreRefused(url: String) {
    #expect(throws: RedisConfigurationError.self) { try RedisConfiguration(url: url) }
  }

  @Test func thePasswordIsNeverShown() throws {
    let configuration = try RedisConfiguration(url: "redis://me:hunter2@h/1")
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in ["\(configuration)", String(reflecting: configuration), dumped, "\([configuration])"] {
      #expect(!text.contains("hunter2"))
    }
    #expect(configuration.description == "redis://me:***@h:6379/1")
    #expect(RedisConfiguration(host: "::1").description == "redis://[::1]:6379/0")
    do {
      _ = try RedisConfiguration(url: "redis://me:hunter2@h:x")
      Issue.record("the port is wrong")
    } catch {
      #expect(!"\(error)".contains("hunter2"))
    }
  }

  @Test func theBackoffDoublesUpToItsCap() {
    let backoff = RedisBackoff(initial: .milliseconds(100), cap: .seconds(1))
    #expect(backoff.delay(afterFailures: 1, jitter: 0) == .milliseconds(50))
    #expect(backoff.delay(afterFailures: 1, jitter: 1) == .milliseconds(100))
    #expect(backoff.delay(afterFailures: 3, jitter: 1) == .milliseconds(400))
    #expect(backoff.delay(afterFailures: 5, jitter: 1) == .seconds(1))
    #expect(backoff.delay(afterFailures: .max, jitter: 1) == .seconds(1))
    #expect(backoff.delay(afterFailures: 0, jitter: 5) == .milliseconds(100))
    #expect(RedisBackoff(initial: .zero, cap: .seconds(1)).delay(afterFailures: .max, jitter: 1) == .zero)
    #expect(RedisBackoff(initial: .seconds(-1), cap: .seconds(1)).delay(afterFailures: 2, jitter: 1) == .zero)
  }

  @Test func commandsAreEncodedWithLengths() {
    var buffer: [UInt8] = []
    RedisArgument.append(command: ["SET", RedisArgument("ké"), RedisArgument([0, 13, 10]), -5], to: &buffer)
    let expected = Array("*4\r\n$3\r\nSET\r\n$3\r\nké\r\n$3\r\n".utf8) + [0, 13, 10] + Array("\r\n$2\r\n-5\r\n".utf8)
    #expect(buffer == expected)
  }

  @Test func errorLinesAreSplit() {
    #expect(RedisServerError(line: Array("NOGROUP No such key".utf8)).code == "NOGROUP")
    #expect(RedisServerError(line: Array("NOGROUP No such key".utf8)).message == "No such key")
    let wordless = RedisServerError(line: Array("something went wrong".utf8))
    #expect(wordless == RedisServerError(code: "ERR", message: "something went wrong"))
    #expect(RedisServerError(line: []) == RedisServerError(code: "ERR", message: ""))
    #expect(RedisServerError(line: [UInt8](repeating: 0xFF, count: 100_000)).message.utf8.count <= 3 * 512)
  }

  @Test func durationsBecomeMilliseconds() {
    #expect(Duration.microseconds(1).pollMilliseconds == 1)
    #expect(Duration.milliseconds(1500).pollMilliseconds == 1500)
    #expect(Duration.seconds(-3).pollMilliseconds == 0)
    #expect(Duration.seconds(Int64.max).pollMilliseconds == .max)
    #expect(Duration.seconds(Int64.max).wholeMilliseconds == .max)
    #expect(Duration.zero.timeval.tv_usec == 1000)
  }

  @Test func requestsLeaveTheQueueInOrder() throws {
    var queue = RequestQueue()
    let requests = (0..<5000).map { PendingRequest(commands: [[RedisArgument($0)]], deadline: .now + .seconds($0)) }
    for request in requests { queue.append(request) }
    for request in requests.prefix(3000) { #expect(queue.popFirst() === request) }
    let cutoff = try #require(requests.dropFirst(3009).first).deadline
    #expect(queue.take { $0.deadline <= cutoff }.count == 10)
    #expect(queue.first === requests.dropFirst(3010).first)
    #expect(queue.takeAll().count == 1990)
    #expect(queue.isEmpty)
    #expect(queue.popFirst() == nil)
  }
}
