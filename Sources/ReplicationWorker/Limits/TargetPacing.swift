import Shared
import Synchronization

/// The bandwidth of one target: this worker's own limit, then the one all workers share; first come, first served.
final class TargetPacing: Sendable {
  private let own: Mutex<TokenBucket>?
  private let shared: SharedBandwidth?
  /// Whoever holds the one slot is first in the queue.
  private let turn = JobSlots(count: 1)
  private let now: @Sendable () -> ContinuousClock.Instant
  private let pause: Pause

  /// Either limit may be absent.
  init(
    own: TransferRate?, shared: SharedBandwidth?,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }, pause: Pause = .real
  ) {
    let time = now()
    self.own = own.map { Mutex(TokenBucket(rate: $0, now: time)) }
    self.shared = shared
    self.now = now
    self.pause = pause
  }

  /// Returns once `bytes` may be sent; throws when cancelled, with nothing charged.
  func admit(_ bytes: Int64) async throws(CancellationError) {
    guard await turn.take(upTo: 1) == 1 else { throw CancellationError() }
    defer { turn.giveBack(1) }
    while let time = own?.withLock({ $0.take(bytes, at: now()) }) { try await wait(time) }
    do {
      while let time = await shared?.take(bytes) { try await wait(time) }
    } catch {
      own?.withLock { $0.putBack(bytes) }
      throw CancellationError()
    }
  }

  private func wait(_ time: Duration) async throws(CancellationError) {
    await pause(time)
    if Task.isCancelled { throw CancellationError() }
  }
}
