import Synchronization

/// Wakes whoever waits for something to happen; what happens between the look and the wait is not missed.
final class Bell: Sendable {
  private struct State {
    var count: UInt64 = 0
    var nextID: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  /// How often it has been rung.
  var count: UInt64 { state.withLock(\.count) }

  /// Wakes everybody who waits.
  func ring() {
    let waiters = state.withLock { state in
      state.count &+= 1
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns once the bell has been rung more than `seen` times, or when the task is cancelled.
  func wait(after seen: UInt64) async {
    let id = state.withLock { state in
      state.nextID &+= 1
      return state.nextID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          guard state.count == seen, !Task.isCancelled else { return true }
          state.waiters[id] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      // Taken out under the lock, so it is resumed here or by a ring, never by both.
      let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
      waiter?.resume()
    }
  }

  /// The same, but returns also once `pause` has waited for `limit`.
  func wait(after seen: UInt64, atMost limit: Duration, _ pause: Pause) async {
    guard count == seen else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.wait(after: seen) }
      group.addTask { await pause(limit) }
      await group.next()
      group.cancelAll()
    }
  }
}
