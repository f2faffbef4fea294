import HTTPTypes
import Shared
import Synchronization

/// Bounds what operators' questions may cost: so many a second, and so many at once, whoever asks.
///
/// Each may keep a connection of the database's pool busy, which pushes need too.
final class AdminThrottle: Sendable {
  private struct State {
    var tokens: Double
    var filledAt: ContinuousClock.Instant?
    var inFlight = 0
  }

  private let perSecond: Double
  private let burst: Double
  private let atOnce: Int
  private let state: Mutex<State>

  /// Allows `perSecond` requests a second on average, `burst` of them in a row and `atOnce` at the same time.
  init(perSecond: Double = 20, burst: Double = 60, atOnce: Int = 3) {
    self.perSecond = perSecond
    self.burst = burst
    self.atOnce = atOnce
    state = Mutex(State(tokens: burst))
  }

  /// Answers with `body`, or throws 429 with `Retry-After` where too much is asked.
  func admit(
    now: ContinuousClock.Instant = .now, _ body: () async throws -> Answer
  ) async throws -> Answer {
    guard enter(now) else {
      var failure = OCIFailure(.tooManyRequests, "too many requests")
      failure.fields[.retryAfter] = "1"
      throw failure
    }
    defer { state.withLock { $0.inFlight -= 1 } }
    return try await body()
  }

  private func enter(_ now: ContinuousClock.Instant) -> Bool {
    state.withLock { state in
      if let filledAt = state.filledAt, filledAt < now {
        state.tokens = min(burst, state.tokens + (now - filledAt) / .seconds(1) * perSecond)
      }
      state.filledAt = max(now, state.filledAt ?? now)
      guard state.inFlight < atOnce, state.tokens >= 1 else { return false }
      state.tokens -= 1
      state.inFlight += 1
      return true
    }
  }
}
