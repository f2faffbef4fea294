/// When and how often a storage call is made again.
///
/// Exponential with full jitter and a cap; a store's own Retry-After is a lower bound. Nothing is tried again when the
/// attempts, the time window or the shared budget are used up, or when the store asks for a longer pause than the cap.
package struct StorageRetry: Sendable {
  /// All tries together, at least 1.
  package var maximumAttempts: Int
  /// The largest delay before the second try; it doubles with each further one.
  package var baseDelay: Duration
  package var maximumDelay: Duration
  /// No try is begun later than this after the first.
  package var window: Duration
  /// Shared by every call to one store.
  package var budget: RetryBudget?
  /// A number in 0..<1.
  package var random: @Sendable () -> Double
  package var sleep: @Sendable (Duration) async throws -> Void
  package var now: @Sendable () -> ContinuousClock.Instant

  /// Retries with the system's clock and random source unless a test injects others.
  package init(
    maximumAttempts: Int = 4, baseDelay: Duration = .milliseconds(100), maximumDelay: Duration = .seconds(10),
    window: Duration = .seconds(45), budget: RetryBudget? = nil,
    random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.maximumAttempts = max(maximumAttempts, 1)
    self.baseDelay = baseDelay
    self.maximumDelay = maximumDelay
    self.window = window
    self.budget = budget
    self.random = random
    self.sleep = sleep
    self.now = now
  }

  /// No second try at all.
  package static let never = StorageRetry(maximumAttempts: 1)

  /// The pause after `failures` failures (from 1), or nil where the store asks for more than `maximumDelay`.
  package func delay(afterFailures failures: Int, retryAfter: Duration?) -> Duration? {
    if let retryAfter, retryAfter > maximumDelay { return nil }
    let doublings = min(max(failures - 1, 0), 20)
    let ceiling = min(baseDelay * (1 << doublings), maximumDelay)
    let jittered = ceiling * min(max(random(), 0), 1)
    return max(jittered, retryAfter ?? .zero)
  }

  /// Runs `operation` until it succeeds, fails for good or the limits are reached; throws its last error.
  ///
  /// Only for operations that may be repeated: everything the store does must be the same when done twice.
  package func run<Value>(
    _ operation: (_ attempt: Int) async throws(StorageError) -> Value,
    retrying isWorthRetrying: (StorageError) -> Bool = { $0.mayPassSoon }
  ) async throws(StorageError) -> Value {
    let start = now()
    var attempt = 1
    while true {
      do {
        let value = try await operation(attempt)
        budget?.recordSuccess()
        return value
      } catch {
        guard attempt < maximumAttempts, isWorthRetrying(error), !Task.isCancelled,
          let pause = delay(afterFailures: attempt, retryAfter: error.retryAfter),
          start.duration(to: now()) + pause <= window, budget?.spend() ?? true
        else { throw error }
        do { try await sleep(pause) } catch { throw .cancelled }
        attempt += 1
      }
    }
  }
}

extension StorageError {
  /// Whether a repetition within seconds is sensible: the store or the way to it failed, not the request.
  package var mayPassSoon: Bool {
    switch self {
    case .slowDown, .unavailable, .unreachable, .timedOut, .bodyAltered, .invalidResponse: true
    case .objectMissing, .bucketMissing, .accessDenied, .clockSkewed, .wrongRegion, .misconfigured, .uploadMissing,
      .truncated, .sizeMismatch, .full, .tooLarge, .unsupported, .refused, .overloaded, .cancelled:
      false
    }
  }
}
