import Synchronization

/// Counts how many more jobs may run at once, so that a worker never claims what it cannot start (I12).
final class JobSlots: Sendable {
  private struct State {
    var free: Int
    var waiters: [(id: UInt64, limit: Int, continuation: CheckedContinuation<Int, Never>)] = []
    var nextID: UInt64 = 0
  }

  private let state: Mutex<State>

  /// The number of slots there are.
  let count: Int

  /// Starts with `count` free slots.
  init(count: Int) {
    self.count = count
    state = Mutex(State(free: count))
  }

  /// The number of free slots at this instant.
  var free: Int { state.withLock(\.free) }

  /// Takes between 1 and `limit` slots, waiting for the first; returns how many, or 0 where the task was cancelled.
  func take(upTo limit: Int) async -> Int {
    let id = state.withLock { state in
      state.nextID &+= 1
      return state.nextID
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let granted: Int? = state.withLock { state in
          if Task.isCancelled { return 0 }
          guard state.waiters.isEmpty, state.free > 0 else {
            state.waiters.append((id, limit, continuation))
            return nil
          }
          let granted = min(limit, state.free)
          state.free -= granted
          return granted
        }
        if let granted { continuation.resume(returning: granted) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> CheckedContinuation<Int, Never>? in
        guard let at = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return state.waiters.remove(at: at).continuation
      }
      waiter?.resume(returning: 0)
    }
  }

  /// Takes up to `limit` slots that are free now and that nobody waits for; returns how many.
  func takeFree(upTo limit: Int) -> Int {
    state.withLock { state in
      guard state.waiters.isEmpty else { return 0 }
      let granted = max(0, min(limit, state.free))
      state.free -= granted
      return granted
    }
  }

  /// Gives `count` slots back and hands them to whoever waits longest.
  func giveBack(_ count: Int) {
    guard count > 0 else { return }
    let woken = state.withLock { state -> [(CheckedContinuation<Int, Never>, Int)] in
      state.free += count
      var woken: [(CheckedContinuation<Int, Never>, Int)] = []
      while state.free > 0, !state.waiters.isEmpty {
        let waiter = state.waiters.removeFirst()
        let granted = min(waiter.limit, state.free)
        state.free -= granted
        woken.append((waiter.continuation, granted))
      }
      return woken
    }
    for (continuation, granted) in woken { continuation.resume(returning: granted) }
  }
}
