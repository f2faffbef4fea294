import Synchronization

/// A number that only grows, for example bytes copied.
package final class Counter: Sendable {
  private let bits = Atomic<UInt64>(Double(0).bitPattern)

  init() {}

  /// Adds an amount; negative and non-finite amounts are ignored, for a counter never falls.
  package func increment(by amount: Double = 1) {
    guard amount.isFinite, amount > 0 else { return }
    bits.update { $0 + amount }
  }

  /// The sum so far.
  package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// A number that goes up and down, for example jobs in flight.
package final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(Double(0).bitPattern)

  init() {}

  /// Replaces the value.
  package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  /// Adds an amount, which may be negative.
  package func add(_ amount: Double) { bits.update { $0 + amount } }

  /// The present value.
  package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// Observations counted in buckets, for example durations in seconds.
package final class Histogram: Sendable {
  /// Counts, read together so that buckets, sum and count agree.
  struct Snapshot: Sendable, Equatable {
    /// Observations not above each bound, cumulative; the last is the number of all.
    var cumulativeCounts: [UInt64]
    var sum: Double
  }

  /// The buckets for durations of requests, in seconds.
  package static let secondsBuckets: [Double] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ]

  /// Upper bounds, ascending and finite; one more bucket takes everything above.
  let bounds: [Double]
  private let state: Mutex<(counts: [UInt64], sum: Double)>

  /// Sorts the bounds and leaves out duplicates and non-finite ones.
  init(buckets: [Double]) {
    bounds = Set(buckets.filter(\.isFinite)).sorted()
    state = Mutex(([UInt64](repeating: 0, count: bounds.count + 1), 0))
  }

  /// Counts one observation; NaN is ignored.
  package func observe(_ value: Double) {
    guard !value.isNaN else { return }
    let index = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[index] &+= 1
      state.sum += value
    }
  }

  /// Counts a duration in seconds.
  package func observe(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    observe(Double(seconds) + Double(attoseconds) / 1e18)
  }

  var snapshot: Snapshot {
    let (counts, sum) = state.withLock { $0 }
    var running: UInt64 = 0
    return Snapshot(
      cumulativeCounts: counts.map { count in
        running &+= count
        return running
      }, sum: sum)
  }
}

extension Atomic where Value == UInt64 {
  /// Replaces the number kept as these bits by one computed from it.
  fileprivate func update(_ change: (Double) -> Double) {
    var old = load(ordering: .relaxed)
    while true {
      let (exchanged, original) = compareExchange(
        expected: old, desired: change(Double(bitPattern: old)).bitPattern, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }
}
