/// The pause between attempts to connect: doubling, capped, with jitter in its upper half.
package struct RedisBackoff: Sendable, Hashable {
  /// The longest pause after the first failure.
  package var initial: Duration
  /// The longest pause after any failure.
  package var cap: Duration

  package init(initial: Duration = .milliseconds(50), cap: Duration = .seconds(2)) {
    self.initial = initial
    self.cap = cap
  }

  /// The pause after `failures` failures in a row, counted from 1, for a random number in `0..<1`.
  ///
  /// The result lies between half and all of `min(cap, initial * 2^(failures - 1))` and is never negative.
  package func delay(afterFailures failures: Int, jitter: Double) -> Duration {
    var ceiling = max(.zero, min(initial, cap))
    var remaining = failures - 1
    while remaining > 0 && ceiling > .zero && cap > ceiling {
      ceiling = min(cap, ceiling * 2)
      remaining -= 1
    }
    let share = 0.5 + 0.5 * min(max(jitter, 0), 1)
    return ceiling * share
  }
}
