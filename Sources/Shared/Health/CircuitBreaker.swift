/// Decides whether calls to one service are worth making: stops them while it fails and lets single ones try it again.
///
/// ```
///            N failures in a row, or too many in the window
///   closed ───────────────────────────────────────────────▶ open
///     ▲                                                     │  ▲
///     │ the probe succeeds                open time is over │  │ the probe fails: twice as long
///     └───────────────────────── half-open ◀────────────────┘  │
///                                    └─────────────────────────┘
/// ```
///
/// A pure value: the time and the random numbers come from the caller (D9). Memory is a fixed number of counters. What
/// calls report that were made before the breaker opened changes nothing while it is open.
package struct CircuitBreaker: Sendable {
  /// What opens a breaker and for how long.
  package struct Limits: Sendable, Hashable {
    /// Failures in a row that open it.
    package var consecutiveFailures = 5
    /// The span that the failure rate is taken over.
    package var window: Duration = .seconds(30)
    /// Calls in the window below which the rate says nothing.
    package var minimumCalls = 20
    /// The share of failures in the window, 0 to 1, from which on it opens.
    package var failureRate = 0.5
    /// How long it is open the first time; doubles with every probe that fails.
    package var openFor: Duration = .seconds(1)
    /// The upper bound of the doubled time, before jitter.
    package var openAtMost: Duration = .seconds(15)
    /// The upper bound of what a `Retry-After` can ask for.
    package var retryAfterAtMost: Duration = .seconds(300)
    /// The share of the open time that is random, to both sides, so that many workers do not probe at one moment.
    package var jitter = 0.2
    /// A probe that has said nothing for this long is taken for lost, and the next call is let through.
    package var probeTimeout: Duration = .seconds(60)

    /// The defaults: 5 failures in a row or half of at least 20 calls in 30 s; open for 1 s to 15 s.
    package init() {}
  }

  /// Where a breaker stands at an instant.
  package enum State: Sendable, Hashable {
    /// Calls are made.
    case closed
    /// No call is made for this long.
    case open(remaining: Duration)
    /// One call may try; while it is under way no other is made.
    case halfOpen(isProbeUnderWay: Bool)
  }

  /// Calls counted in one slice of the window.
  private struct Slice {
    var number: Int64 = .min
    var failures = 0
    var calls = 0
  }

  private enum Phase {
    case closed(since: ContinuousClock.Instant?)
    case open(until: ContinuousClock.Instant)
    case halfOpen(probeSince: ContinuousClock.Instant?)
  }

  private static let slices = 10

  package let limits: Limits
  private var phase: Phase = .closed(since: nil)
  private var failuresInARow = 0
  /// Openings since the service was last well for a whole window: the exponent of the open time.
  private var openings = 0
  private var window = [Slice](repeating: Slice(), count: Self.slices)
  private var origin: ContinuousClock.Instant?

  /// Starts closed.
  package init(limits: Limits = Limits()) { self.limits = limits }

  /// Where the breaker stands at `now`.
  package func state(at now: ContinuousClock.Instant) -> State {
    switch phase {
    case .closed: .closed
    case .open(let until): now < until ? .open(remaining: until - now) : .halfOpen(isProbeUnderWay: false)
    case .halfOpen(let since): .halfOpen(isProbeUnderWay: isUnderWay(since, at: now))
    }
  }

  /// Whether a call may be made at `now`; in half-open the first to ask becomes the probe and must report.
  package mutating func admits(at now: ContinuousClock.Instant) -> Bool {
    switch phase {
    case .closed:
      return true
    case .open(let until):
      guard now >= until else { return false }
      phase = .halfOpen(probeSince: now)
      return true
    case .halfOpen(let since):
      guard !isUnderWay(since, at: now) else { return false }
      phase = .halfOpen(probeSince: now)
      return true
    }
  }

  /// Takes in that a call succeeded; the probe's success closes the breaker.
  package mutating func recordSuccess(at now: ContinuousClock.Instant) {
    switch phase {
    case .closed(let since):
      failuresInARow = 0
      count(failed: false, at: now)
      if let since, now - since >= limits.window {
        openings = 0
        phase = .closed(since: nil)
      }
    case .open:
      break
    case .halfOpen:
      failuresInARow = 0
      window = [Slice](repeating: Slice(), count: Self.slices)
      phase = .closed(since: now)
    }
  }

  /// Takes in that a call failed by the service's fault; `retryAfter` is how long the service asked to be left alone.
  package mutating func recordFailure(
    retryAfter: Duration? = nil, at now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
  ) {
    switch phase {
    case .closed:
      failuresInARow += 1
      count(failed: true, at: now)
      guard failuresInARow >= limits.consecutiveFailures || isRateExceeded(at: now) else { return }
      open(retryAfter: retryAfter, at: now, using: &generator)
    case .open:
      break
    case .halfOpen:
      open(retryAfter: retryAfter, at: now, using: &generator)
    }
  }

  /// Takes in that the probe ended without a word on the service, so that another may try.
  package mutating func giveUpProbe() {
    if case .halfOpen = phase { phase = .halfOpen(probeSince: nil) }
  }

  private func isUnderWay(_ since: ContinuousClock.Instant?, at now: ContinuousClock.Instant) -> Bool {
    guard let since else { return false }
    return now - since < limits.probeTimeout
  }

  private mutating func open(
    retryAfter: Duration?, at now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
  ) {
    var time = limits.openFor
    for _ in 0..<min(openings, 32) where time < limits.openAtMost { time *= 2 }
    time = min(time, limits.openAtMost)
    let jitter = min(max(limits.jitter, 0), 1)
    time = time * Double.random(in: (1 - jitter)...(1 + jitter), using: &generator)
    time = max(time, min(retryAfter ?? .zero, limits.retryAfterAtMost))
    openings = min(openings + 1, 32)
    failuresInARow = 0
    phase = .open(until: now + time)
  }

  private mutating func count(failed: Bool, at now: ContinuousClock.Instant) {
    let number = sliceNumber(at: now)
    let index = Int(number % Int64(Self.slices))
    if window[index].number != number { window[index] = Slice(number: number) }
    window[index].calls += 1
    if failed { window[index].failures += 1 }
  }

  private func isRateExceeded(at now: ContinuousClock.Instant) -> Bool {
    guard let origin else { return false }
    let newest = Int64((now - origin) / sliceLength)
    var calls = 0
    var failures = 0
    for slice in window where slice.number > newest - Int64(Self.slices) && slice.number <= newest {
      calls += slice.calls
      failures += slice.failures
    }
    return calls >= max(1, limits.minimumCalls) && Double(failures) >= limits.failureRate * Double(calls)
  }

  private var sliceLength: Duration { max(limits.window / Self.slices, .milliseconds(1)) }

  /// The number of the slice that `now` falls into, from 0; time that runs backwards counts as the first slice.
  private mutating func sliceNumber(at now: ContinuousClock.Instant) -> Int64 {
    let start = origin ?? now
    origin = start
    return max(0, Int64((now - start) / sliceLength))
  }
}
