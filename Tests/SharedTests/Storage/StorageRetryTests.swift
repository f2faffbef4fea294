import Shared
import Synchronization
import Testing

@testable import SharedStorage

@Suite("Retrying a store")
struct StorageRetryTests {
  private static let broken = StorageError.unavailable(status: 500, code: "InternalError", retryAfter: nil)

  @Test func delaysGrowAreCappedAndJittered() {
    var retry = StorageRetry(baseDelay: .milliseconds(100), maximumDelay: .seconds(1), random: { 1 })
    let delays = (1...6).map { retry.delay(afterFailures: $0, retryAfter: nil) }
    #expect(delays == [100, 200, 400, 800, 1_000, 1_000].map { .milliseconds($0) })
    #expect(retry.delay(afterFailures: .max, retryAfter: nil) == .seconds(1))
    #expect(retry.delay(afterFailures: 1, retryAfter: .milliseconds(700)) == .milliseconds(700))
    #expect(retry.delay(afterFailures: 1, retryAfter: .seconds(2)) == nil)
    retry.random = { 0 }
    #expect(retry.delay(afterFailures: 5, retryAfter: nil) == .zero)
  }

  @Test func attemptsAreBounded() async throws {
    let calls = Mutex(0)
    let retry = StorageRetry(maximumAttempts: 3, sleep: { _ in })
    await #expect(throws: Self.broken) {
      try await retry.run { _ throws(StorageError) in
        calls.withLock { $0 += 1 }
        throw Self.broken
      }
    }
    #expect(calls.withLock { $0 } == 3)
  }

  @Test(arguments: [StorageError.full, .clockSkewed, .accessDenied(code: "x"), .cancelled, .overloaded])
  func whatWillNotPassSoonIsNotTriedAgain(_ error: StorageError) async throws {
    let calls = Mutex(0)
    await #expect(throws: error) {
      try await StorageRetry(sleep: { _ in }).run { _ throws(StorageError) in
        calls.withLock { $0 += 1 }
        throw error
      }
    }
    #expect(calls.withLock { $0 } == 1)
  }

  @Test func theBudgetEndsAStorm() async throws {
    let calls = Mutex(0)
    let retry = StorageRetry(maximumAttempts: 4, budget: RetryBudget(capacity: 5), sleep: { _ in })
    for _ in 0..<100 {
      await #expect(throws: Self.broken) {
        try await retry.run { _ throws(StorageError) in
          calls.withLock { $0 += 1 }
          throw Self.broken
        }
      }
    }
    #expect(calls.withLock { $0 } == 105)
  }

  @Test func successRefillsTheBudget() {
    let budget = RetryBudget(capacity: 1, refundPerSuccess: 0.5)
    #expect(budget.spend())
    #expect(!budget.spend())
    budget.recordSuccess()
    #expect(!budget.spend())
    budget.recordSuccess()
    #expect(budget.spend())
  }

  @Test func theWindowEndsRetrying() async throws {
    let start = ContinuousClock.now
    let clock = Mutex(start)
    let retry = StorageRetry(
      maximumAttempts: 100, baseDelay: .seconds(10), maximumDelay: .seconds(10), window: .seconds(45), random: { 1 },
      sleep: { pause in clock.withLock { $0 += pause } }, now: { clock.withLock { $0 } })
    let calls = Mutex(0)
    await #expect(throws: Self.broken) {
      try await retry.run { _ throws(StorageError) in
        calls.withLock { $0 += 1 }
        throw Self.broken
      }
    }
    #expect(calls.withLock { $0 } == 5)
  }

  @Test func cancellationDuringAPauseIsToldAsSuch() async throws {
    let retry = StorageRetry(sleep: { _ in throw CancellationError() })
    await #expect(throws: StorageError.cancelled) {
      try await retry.run { _ throws(StorageError) in throw Self.broken }
    }
  }
}
