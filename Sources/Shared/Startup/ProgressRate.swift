/// How fast something goes, from what was really counted: over the last quarter of a minute, and since the beginning
/// where that is shorter.
struct ProgressRate: Sendable {
  private static let window: Duration = .seconds(15)
  private static let spacing: Duration = .milliseconds(500)

  /// Oldest first; the first of them is at least a window old, or the beginning.
  private var samples: [(at: ContinuousClock.Instant, done: Int64)] = []

  /// Takes note of what is done at an instant; work that was done before the first note is not counted as speed.
  mutating func note(_ done: Int64, at instant: ContinuousClock.Instant) {
    if samples.count > 1, let last = samples.last, let before = samples.dropLast().last,
      before.at.duration(to: instant) < Self.spacing, last.at <= instant
    {
      samples.removeLast()
    }
    samples.append((instant, done))
    while samples.count > 2, let second = samples.dropFirst().first,
      second.at.duration(to: instant) >= Self.window
    {
      samples.removeFirst()
    }
  }

  /// Counted per second; nil before anything can be said.
  var perSecond: Double? {
    guard let first = samples.first, let last = samples.last else { return nil }
    let seconds = first.at.duration(to: last.at) / .seconds(1)
    guard seconds >= 0.2 else { return nil }
    return Double(max(0, last.done - first.done)) / seconds
  }

  /// The time the rest takes at this rate; nil where nothing moves.
  func remaining(_ rest: Int64) -> Duration? {
    if rest <= 0 { return .zero }
    guard let perSecond, perSecond > 0 else { return nil }
    return .seconds(min(Double(rest) / perSecond, 1e9))
  }
}
