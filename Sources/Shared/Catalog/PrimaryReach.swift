/// Whether the database's primary answers reads, so that only few of them wait for one that does not; pure, driven by
/// instants it is given.
struct PrimaryReach: Sendable {
  /// What a read that has another place to go should do.
  enum Advice: Sendable, Equatable {
    /// Ask the primary.
    case ask
    /// Ask the primary, but not for long: it did not answer when last asked.
    case tryBriefly
    /// Go elsewhere at once.
    case avoid
  }

  private let interval: Duration
  private(set) var isAway = false
  private var nextTry: ContinuousClock.Instant?

  /// One read in `interval` is sent to a primary that is away, to see whether it is back.
  init(interval: Duration) { self.interval = interval }

  mutating func advice(at now: ContinuousClock.Instant) -> Advice {
    guard isAway else { return .ask }
    if let nextTry, now < nextTry { return .avoid }
    nextTry = now + interval
    return .tryBriefly
  }

  /// Notes an answer; true if the primary was away until now.
  mutating func answered() -> Bool {
    defer { isAway = false }
    return isAway
  }

  /// Notes an outage; true if the primary was not away until now.
  mutating func failed(at now: ContinuousClock.Instant) -> Bool {
    defer { isAway = true }
    nextTry = now + interval
    return !isAway
  }
}
