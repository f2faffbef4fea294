import NIOCore
import Synchronization

/// Closes a connection whose peer takes or gives bytes too slowly (security rule 19).
///
/// Only time spent waiting for the peer counts, so a slow store is never blamed on the client. The peer must move
/// `minimumBytes` in every `window` of waiting.
final class TransferWatch: Sendable {
  private struct State {
    var waitingSince: NIODeadline?
    var waited: TimeAmount = .nanoseconds(0)
    var movedBytes = 0
    var hasExpired = false
    var task: RepeatedTask?
  }

  /// The time in which a peer must move `minimumBytes`.
  static let window = TimeAmount.seconds(60)
  static let minimumBytes = 60 << 10
  private static let tick = TimeAmount.seconds(5)

  private let channel: any Channel
  private let state = Mutex(State())

  init(channel: any Channel) { self.channel = channel }

  /// Whether the watch has closed the connection.
  var hasExpired: Bool { state.withLock { $0.hasExpired } }

  /// Begins to look at the clock; until then only bytes and times are noted.
  func start() {
    let task = channel.eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { [weak self] task in
      guard let self else { return task.cancel() }
      self.check(now: .now())
    }
    let surplus = state.withLock { state in
      defer { state.task = state.task ?? task }
      return state.task == nil ? nil : task
    }
    surplus?.cancel()
  }

  /// Ends the watch.
  func stop() {
    let task = state.withLock { state in
      defer { state.task = nil }
      return state.task
    }
    task?.cancel()
  }

  /// Notes that the peer is waited for from now on.
  func beginWaiting(now: NIODeadline = .now()) { state.withLock { $0.waitingSince = now } }

  /// Notes that the peer has moved bytes.
  func endWaiting(movedBytes: Int, now: NIODeadline = .now()) {
    state.withLock { state in
      if let since = state.waitingSince { state.waited = state.waited + (now - since) }
      state.waitingSince = nil
      state.movedBytes += movedBytes
    }
  }

  /// Judges the window, and closes the connection where too little was moved in it; visible for tests.
  func check(now: NIODeadline) {
    let expired = state.withLock { state -> Bool in
      let waited = state.waited + (state.waitingSince.map { now - $0 } ?? .nanoseconds(0))
      guard waited >= Self.window else { return false }
      guard state.movedBytes >= Self.minimumBytes else {
        state.hasExpired = true
        return true
      }
      state.waited = .nanoseconds(0)
      state.waitingSince = state.waitingSince.map { _ in now }
      state.movedBytes = 0
      return false
    }
    guard expired else { return }
    stop()
    channel.close(mode: .all, promise: nil)
  }

  deinit { stop() }
}
