import Testing

@testable import Postgres

@Suite("Mechanisms")
struct MechanismTests {
  @Test("the statement cache gives up the least recently used and never reuses a name")
  func statementCache() {
    var cache = StatementCache(capacity: 2)
    let a = cache.admit("a").entry
    let b = cache.admit("b").entry
    #expect(cache.find("a") === a)
    let (c, evicted) = cache.admit("c")
    #expect(evicted == [b.name])
    #expect(cache.find("b") == nil && cache.find("c") === c && cache.count == 2)
    cache.forget(c)
    cache.forget(b)
    #expect(cache.admit("b").entry.name != b.name)
    #expect(cache.count == 2)
  }

  @Test("the backoff doubles to its cap, waits out an outage for its patience, then fails")
  func backoff() {
    let start = ContinuousClock.now
    let failure = ConnectFailure(message: "down", isPermanent: false)
    var backoff = ReconnectBackoff(firstDelay: .milliseconds(100), maxDelay: .seconds(1), patience: .seconds(5))
    #expect(backoff.verdict(at: start) == .attempt)
    var expected: [Duration] = []
    for _ in 0..<6 {
      backoff.failed(failure, at: start, jitter: 1)
      guard case .wait(let instant) = backoff.verdict(at: start) else { break }
      expected.append(start.duration(to: instant))
    }
    #expect(expected == [100, 200, 400, 800, 1000, 1000].map { .milliseconds($0) })
    #expect(backoff.exhaustsWaiters(at: start) == nil)
    backoff.failed(failure, at: start + .seconds(6), jitter: 1)
    #expect(backoff.exhaustsWaiters(at: start + .seconds(6)) == .connectionFailed("down"))
    #expect(backoff.verdict(at: start + .milliseconds(6500)) == .fail(.connectionFailed("down")))
    #expect(backoff.verdict(at: start + .seconds(7)) == .attempt)
    backoff.succeeded()
    #expect(backoff.verdict(at: start) == .attempt && !backoff.isFailing)
    backoff.failed(ConnectFailure(message: "wrong password", isPermanent: true), at: start, jitter: 0.5)
    #expect(backoff.verdict(at: start) == .fail(.connectionFailed("wrong password")))
  }

  @Test("the queue keeps its order through every operation")
  func fifo() {
    var queue = FIFO<Int>()
    for number in 0..<200 { queue.append(number) }
    for number in 0..<150 { #expect(queue.popFirst() == number) }
    queue.prepend([1, 2])
    #expect(queue.count == 52 && queue.first == 1)
    #expect(queue.extract { $0 % 2 == 0 }.count == 26)
    #expect(queue.popFirst() == 1 && queue.popFirst() == 151)
    #expect(queue.removeAll().last == 199)
    #expect(queue.isEmpty && queue.popFirst() == nil && queue.first == nil)
  }

  @Test("errors say what may be retried")
  func classification() {
    func server(_ code: String) -> PostgresError { .server(sqlState: code, message: "m", constraint: nil) }
    for code in ["40001", "40P01", "55P03", "25006", "53300", "57P03"] { #expect(server(code).isRetryable, "\(code)") }
    for code in ["23505", "42601", "22021", "25P02"] { #expect(!server(code).isRetryable, "\(code)") }
    #expect(!PostgresError.outcomeUnknown.isRetryable && !PostgresError.cancelled.isRetryable)
    #expect(PostgresError.connectionLost("x").isRetryable && PostgresError.poolExhausted.isRetryable)
  }
}
