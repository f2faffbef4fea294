/// How long a failed job waits: exponential growth with full jitter, a cap, and the store's own wish as the lower bound.
///
/// Pure: the random numbers come from the caller (D9). Full jitter spreads the retries of many jobs that failed at the
/// same moment over the whole interval instead of letting them return together.
package struct RetryPolicy: Sendable, Hashable {
  /// The upper bound of the first delay.
  package let base: Duration
  /// The upper bound of every delay, the store's wish included.
  package let cap: Duration
  /// Failures after which a job is parked; nil never parks, which is right where only the infrastructure failed.
  package let parkAfterAttempts: Int?

  /// States a policy; by default from 1 s to 5 min, never parking.
  package init(base: Duration = .seconds(1), cap: Duration = .seconds(300), parkAfterAttempts: Int? = nil) {
    self.base = base
    self.cap = cap
    self.parkAfterAttempts = parkAfterAttempts
  }

  /// The delay after failure number `attempt` (from 1), at least `retryAfter` and at most `cap`.
  package func delay(
    attempt: Int, retryAfter: Duration? = nil, using generator: inout some RandomNumberGenerator
  ) -> Duration {
    let ceiling = ceiling(attempt: attempt)
    let jittered = ceiling * Double.random(in: 0...1, using: &generator)
    return min(cap, max(jittered, retryAfter ?? .zero))
  }

  /// The upper bound of the jitter after failure number `attempt`: `base × 2^(attempt-1)`, at most `cap`.
  package func ceiling(attempt: Int) -> Duration {
    var bound = base
    for _ in 1..<max(2, min(attempt, 64)) where attempt > 1 {
      guard bound < cap else { break }
      bound *= 2
    }
    return min(bound, cap)
  }

  /// Retry or park, after failure number `attempt` (from 1).
  package func verdict(
    attempt: Int, retryAfter: Duration? = nil, using generator: inout some RandomNumberGenerator
  ) -> FailureVerdict {
    if let parkAfterAttempts, attempt >= parkAfterAttempts { return .park }
    return .retry(after: delay(attempt: attempt, retryAfter: retryAfter, using: &generator))
  }
}
