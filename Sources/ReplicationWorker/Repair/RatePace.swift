import Synchronization

/// Lets so many units through per second, in the order of asking; what is not used does not add up.
final class RatePace: Sendable {
  private let perSecond: Double
  private let nextFree: Mutex<ContinuousClock.Instant>

  /// 0 for no bound.
  init(perSecond: Double) {
    self.perSecond = perSecond
    nextFree = Mutex(ContinuousClock.now)
  }

  /// Returns once `units` more may be spent; throws `CancellationError`.
  func admit(_ units: Int64) async throws {
    guard perSecond > 0 else { return }
    let now = ContinuousClock.now
    let start = nextFree.withLock { next in
      let start = max(next, now)
      next = start + .seconds(Double(units) / perSecond)
      return start
    }
    if start > now { try await ContinuousClock().sleep(until: start) }
  }
}
