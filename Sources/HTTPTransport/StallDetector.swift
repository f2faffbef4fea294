/// Finds a transfer that the peer lets starve.
///
/// A pure state machine fed with a clock reading and a byte count. The transfer is stalled once no step between two
/// observations reached the limit for the whole grace time. Steps in which our own side paused the transfer start the
/// count anew: a slow reader or writer here is not a slow peer. (libcurl's own low-speed check leaves out paused
/// receiving only, so an upload waiting for its producer would be killed; that is why this type exists.)
struct StallDetector {
  private let limitBytesPerSecond: Int
  private let grace: Duration
  private var lastTime: ContinuousClock.Instant?
  private var lastBytes: Int64 = 0
  private var slowSince: ContinuousClock.Instant?

  /// A detector; a limit or grace of zero or less never fires.
  init(limitBytesPerSecond: Int, grace: Duration) {
    self.limitBytesPerSecond = limitBytesPerSecond
    self.grace = grace
  }

  /// Takes one observation.
  ///
  /// - Parameters:
  ///   - now: Clock reading, not before the last one.
  ///   - bytes: Bytes moved since the transfer began, both directions.
  ///   - isExempt: Whether the time since the last observation must not count against the peer.
  /// - Returns: Whether the transfer is stalled.
  mutating func observe(at now: ContinuousClock.Instant, bytes: Int64, isExempt: Bool) -> Bool {
    guard limitBytesPerSecond > 0, grace > .zero else { return false }
    guard let previous = lastTime, !isExempt else {
      lastTime = now
      lastBytes = bytes
      slowSince = nil
      return false
    }
    let elapsed = previous.duration(to: now)
    guard elapsed > .zero else { return false }
    let seconds = elapsed / .seconds(1)
    let isSlow = Double(bytes &- lastBytes) < Double(limitBytesPerSecond) * seconds
    slowSince = isSlow ? (slowSince ?? previous) : nil
    lastTime = now
    lastBytes = bytes
    return slowSince.map { $0.duration(to: now) >= grace } ?? false
  }
}
