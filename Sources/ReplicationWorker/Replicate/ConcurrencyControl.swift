/// Finds how many transfers at once make the most of a link: more while more brings more, half after a failure.
///
/// A pure value; the time comes from the caller. It measures in epochs: after each change the link is left to settle,
/// then bytes are counted for a while. While it grows, each step adds half; a step that brought less than `gain` is taken
/// back. From then on it tries one step more from time to time, since links change. An epoch in which the transfers did
/// not use what they were allowed says nothing.
struct ConcurrencyControl: Sendable {
  /// The bounds and the measure.
  struct Limits: Sendable, Hashable {
    var minimum = 2
    var initial = 8
    var maximum = 16
    /// What a change is given before its effect is measured.
    var settle: Duration = .milliseconds(250)
    /// How long the effect is measured.
    var measure: Duration = .milliseconds(500)
    /// The share by which the throughput must rise for a step to be kept.
    var gain = 0.05
    /// Epochs between two tries once the limit is found.
    var epochsBetweenTries = 15
    /// Failures within this time of a reduction are taken for the same trouble.
    var reductionInterval: Duration = .seconds(1)
    /// A pause in the traffic after which a measurement starts anew.
    var idle: Duration = .seconds(1)
  }

  private enum Phase {
    /// A larger limit is being tried; `smaller` and its throughput, absent at first, are gone back to.
    case trying(smaller: Int, bytesPerSecond: Double?)
    case holding(epochsLeft: Int)
  }

  private struct Epoch {
    let start: ContinuousClock.Instant
    var bytes: Double = 0
    var saturatedBytes: Double = 0
  }

  let limits: Limits
  /// How many transfers may be under way now.
  private(set) var limit: Int
  private var phase: Phase
  /// Nil between an epoch's end and the next bytes.
  private var epoch: Epoch?
  private var lastTransfer: ContinuousClock.Instant?
  private var reducedAt: ContinuousClock.Instant?

  /// Starts at `limits.initial`.
  init(limits: Limits = Limits()) {
    self.limits = limits
    limit = min(max(limits.initial, limits.minimum, 1), max(limits.maximum, 1))
    phase = .trying(smaller: limit, bytesPerSecond: nil)
  }

  /// Takes in that `bytes` have arrived; `isSaturated` says whether all of `limit` was in use.
  mutating func transferred(_ bytes: Int64, isSaturated: Bool, at now: ContinuousClock.Instant) {
    if let last = lastTransfer, now - last > limits.idle { epoch = nil }
    lastTransfer = now
    guard var current = epoch else {
      epoch = Epoch(start: now + limits.settle)
      return
    }
    let elapsed = now - current.start
    guard elapsed > .zero else { return }
    current.bytes += Double(bytes)
    if isSaturated { current.saturatedBytes += Double(bytes) }
    guard elapsed >= limits.measure else {
      epoch = current
      return
    }
    epoch = nil
    // Bytes of an epoch that was not full are no measure of the limit.
    guard current.saturatedBytes * 2 >= current.bytes else { return }
    conclude(bytesPerSecond: current.bytes / (elapsed / .seconds(1)), at: now)
  }

  /// Takes in that a transfer failed by the fault of a store or of the way to it.
  mutating func failed(at now: ContinuousClock.Instant) {
    if let reducedAt, now - reducedAt < limits.reductionInterval { return }
    reducedAt = now
    change(to: limit / 2)
    phase = .holding(epochsLeft: limits.epochsBetweenTries)
  }

  private mutating func conclude(bytesPerSecond: Double, at now: ContinuousClock.Instant) {
    switch phase {
    case .trying(let smaller, let before):
      guard before.map({ bytesPerSecond > $0 * (1 + limits.gain) }) ?? true else {
        phase = .holding(epochsLeft: limits.epochsBetweenTries)
        change(to: smaller)
        return
      }
      tryMore(than: bytesPerSecond, step: max(1, limit / 2))
    case .holding(let left) where left > 0:
      phase = .holding(epochsLeft: left - 1)
      // The next epoch follows at once: nothing has changed.
      epoch = Epoch(start: now)
    case .holding:
      tryMore(than: bytesPerSecond, step: max(1, limit / 4))
    }
  }

  private mutating func tryMore(than bytesPerSecond: Double, step: Int) {
    guard limit < limits.maximum else {
      phase = .holding(epochsLeft: limits.epochsBetweenTries)
      return
    }
    phase = .trying(smaller: limit, bytesPerSecond: bytesPerSecond)
    change(to: limit + step)
  }

  private mutating func change(to wanted: Int) {
    limit = min(max(wanted, limits.minimum, 1), max(limits.maximum, 1))
    epoch = nil
  }
}
