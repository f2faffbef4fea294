/// When to try to connect again, and when to stop making callers wait; pure, driven by instants it is given.
struct ReconnectBackoff {
  /// What a caller who needs a new session should do.
  enum Verdict: Equatable {
    case attempt
    case wait(until: ContinuousClock.Instant)
    case fail(PostgresError)
  }

  private let firstDelay: Duration
  private let maxDelay: Duration
  private let patience: Duration
  private var failures = 0
  private var failingSince: ContinuousClock.Instant?
  private var nextAttempt: ContinuousClock.Instant?
  private var lastFailure: ConnectFailure?

  init(firstDelay: Duration, maxDelay: Duration, patience: Duration) {
    self.firstDelay = firstDelay
    self.maxDelay = maxDelay
    self.patience = patience
  }

  /// Whether the last attempt failed.
  var isFailing: Bool { lastFailure != nil }

  /// Why the last attempt failed.
  var lastError: PostgresError? { lastFailure?.error }

  mutating func succeeded() {
    failures = 0
    failingSince = nil
    nextAttempt = nil
    lastFailure = nil
  }

  /// Records a failed attempt.
  ///
  /// - Parameters:
  ///   - failure: why it failed.
  ///   - now: when.
  ///   - jitter: a random number in 0 ..< 1; the delay is that fraction of the doubled, capped delay.
  mutating func failed(_ failure: ConnectFailure, at now: ContinuousClock.Instant, jitter: Double) {
    let doubled = firstDelay * (1 << min(failures, 16))
    failures += 1
    failingSince = failingSince ?? now
    nextAttempt = now + min(doubled, maxDelay) * max(0.1, jitter)
    lastFailure = failure
  }

  /// Attempt now, wait for the next attempt, or fail: at once for a refusal that waiting does not cure (a wrong
  /// password), otherwise once the outage has outlasted the callers' patience. An attempt that is due always goes ahead,
  /// so that the first caller after the delay finds out whether the database is back.
  func verdict(at now: ContinuousClock.Instant) -> Verdict {
    guard let lastFailure, let nextAttempt, let failingSince else { return .attempt }
    if now >= nextAttempt { return .attempt }
    if lastFailure.isPermanent || failingSince.duration(to: now) >= patience { return .fail(lastFailure.error) }
    return .wait(until: nextAttempt)
  }

  /// Whether those who already wait must be failed after the attempt that just failed.
  func exhaustsWaiters(at now: ContinuousClock.Instant) -> PostgresError? {
    guard let lastFailure, let failingSince else { return nil }
    return lastFailure.isPermanent || failingSince.duration(to: now) >= patience ? lastFailure.error : nil
  }
}

extension ReconnectBackoff {
  /// Where there are several servers one of them may be promoted at any moment, and is looked for every second at least.
  init(_ configuration: PostgresConfiguration, hasChoice: Bool) {
    self.init(
      firstDelay: configuration.reconnectDelay,
      maxDelay: hasChoice ? min(.seconds(1), configuration.maxReconnectDelay) : configuration.maxReconnectDelay,
      patience: configuration.acquireTimeout)
  }
}

/// Why a session could not be opened.
struct ConnectFailure: Error, Sendable, Equatable {
  let message: String
  /// Whether waiting does not help: authentication, a missing database, a TLS or configuration error.
  let isPermanent: Bool

  var error: PostgresError { .connectionFailed(message) }
}
