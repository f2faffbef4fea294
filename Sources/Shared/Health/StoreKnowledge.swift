/// What one process knows of one store from its own calls, its own proofs and the word of its region's health service.
///
/// A pure value; time and random numbers come from the caller (D9). Reads and writes are judged apart, because a store
/// with a full disk reads well and one whose credentials were narrowed may too. One's own recent experience goes before
/// what the health service says, and silence of either is "unknown", never "down" (H5, I10).
package struct StoreKnowledge: Sendable {
  /// What a store is wanted for.
  package enum Use: Sendable, Hashable, CaseIterable {
    case reading
    case writing
  }

  /// What a call says about the store it was made to.
  package enum Outcome: Sendable, Hashable {
    /// The store answered as a working one does, be it with "there is no such object".
    case works
    /// The store, or the way to it, failed; `retryAfter` is how long it asked to be left alone.
    case fails(retryAfter: Duration?)
    /// Nothing: the call was given up or never made.
    case nothing
  }

  /// The thresholds of the judgement.
  package struct Limits: Sendable, Hashable {
    package var reading = CircuitBreaker.Limits()
    package var writing = CircuitBreaker.Limits()
    /// Proofs that must fail in a row before the store counts as down.
    package var failedProofs = 2
    /// The health service's word counts for so long after the look it speaks of.
    package var wordAge: Duration = .seconds(15)
    /// A store that returned wrong bytes, or stopped in the middle of a body, is read from last for so long, unless it
    /// proves itself earlier.
    package var doubtFor: Duration = .seconds(30)
    /// So many bodies with the right bytes, one after the other, end a doubt: of a line that spoils every fourth body, three
    /// in a row say nothing.
    package var rightBodies = 20

    /// The defaults; breakers open after 3 failures in a row, for 1 s at first and 10 s at most.
    package init() {
      reading.consecutiveFailures = 3
      reading.openAtMost = .seconds(10)
      reading.probeTimeout = .seconds(5)
      writing = reading
    }
  }

  private let limits: Limits
  private var reading: CircuitBreaker
  private var writing: CircuitBreaker
  private var proofs: Hysteresis
  /// When the store last answered, however it was asked; nil before that, and from a failure on until the next answer.
  package private(set) var provenAt: ContinuousClock.Instant?
  private var wroteAt: ContinuousClock.Instant?
  private var word: (status: ProbeStatus, at: ContinuousClock.Instant)?
  private var doubtedUntil: ContinuousClock.Instant?
  private var rightInARow = 0

  /// Knows nothing yet: the store counts as usable, and as not proven.
  package init(limits: Limits = Limits()) {
    self.limits = limits
    reading = CircuitBreaker(limits: limits.reading)
    writing = CircuitBreaker(limits: limits.writing)
    proofs = Hysteresis(thresholds: .init(rise: 1, fall: limits.failedProofs))
  }

  /// Takes in what a call that was needed anyway came to.
  package mutating func record(
    _ outcome: Outcome, of use: Use, at now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
  ) {
    switch use {
    case .reading: Self.record(outcome, in: &reading, at: now, using: &generator)
    case .writing: Self.record(outcome, in: &writing, at: now, using: &generator)
    }
    switch outcome {
    case .works:
      provenAt = now
      if use == .writing { wroteAt = now }
    case .fails: provenAt = nil
    case .nothing: break
    }
  }

  /// Takes in what a proof came to: a call made for no other purpose than to see the store answer.
  ///
  /// Returns whether the store has come up or gone down by it.
  package mutating func recordProof(
    _ outcome: Outcome, at now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
  ) -> Bool {
    if case .nothing = outcome { return false }
    record(outcome, of: .reading, at: now, using: &generator)
    let before = proofs.status
    _ = proofs.record(success: outcome == .works)
    return before != proofs.status && !(before == .unknown && proofs.status == .pass)
  }

  /// Takes in what the region's health service saw at `observedAt`.
  package mutating func recordWord(_ status: ProbeStatus, at observedAt: ContinuousClock.Instant) {
    word = (status, observedAt)
  }

  /// Takes in that bytes came that are not those on record, or that a body fell silent in its middle: the store, or the way
  /// from it, is not to be trusted, whatever its answers look like.
  package mutating func recordDoubt(at now: ContinuousClock.Instant) {
    provenAt = nil
    doubtedUntil = now + limits.doubtFor
    rightInARow = 0
  }

  /// Takes in that a whole object was read and had the right bytes; enough of these end a doubt.
  package mutating func recordRightBytes() {
    guard doubtedUntil != nil else { return }
    rightInARow += 1
    if rightInARow >= limits.rightBodies { doubtedUntil = nil }
  }

  /// Whether a body of the store was wrong or fell silent lately, and too few were right since.
  package func isDoubted(at now: ContinuousClock.Instant) -> Bool { doubtedUntil.map { now < $0 } ?? false }

  /// Whether proof after proof has failed: waiting for the store is in vain.
  package var isDown: Bool { proofs.status == .fail }

  /// Whether the store should be used while another one can be.
  package func isUsable(for use: Use, at now: ContinuousClock.Instant) -> Bool {
    guard !isDown else { return false }
    let saysFail = word.map { $0.status == .fail && now - $0.at <= limits.wordAge } ?? false
    switch use {
    case .reading:
      guard reading.state(at: now) == .closed, !isDoubted(at: now) else { return false }
      // An answer of our own that is newer than the service's look tells more about reading than its word does.
      return !saysFail || isAfterWord(provenAt)
    case .writing:
      guard writing.state(at: now) == .closed else { return false }
      // A proof is a read: only a write of our own outweighs the service's, whose look is one.
      return !saysFail || isAfterWord(wroteAt)
    }
  }

  /// Whether writing is given up for now and it is time to see, with bytes nobody waits for, whether it works again.
  package func wantsWriteProof(at now: ContinuousClock.Instant) -> Bool {
    writing.state(at: now) == .halfOpen(isProbeUnderWay: false)
  }

  private func isAfterWord(_ instant: ContinuousClock.Instant?) -> Bool {
    guard let instant, let word else { return false }
    return instant > word.at
  }

  /// Whatever call comes first after the pause is the breaker's probe.
  private static func record(
    _ outcome: Outcome, in breaker: inout CircuitBreaker, at now: ContinuousClock.Instant,
    using generator: inout some RandomNumberGenerator
  ) {
    if case .halfOpen(isProbeUnderWay: false) = breaker.state(at: now) { _ = breaker.admits(at: now) }
    switch outcome {
    case .works: breaker.recordSuccess(at: now)
    case .fails(let retryAfter): breaker.recordFailure(retryAfter: retryAfter, at: now, using: &generator)
    case .nothing: breaker.giveUpProbe()
    }
  }
}
