import Synchronization

/// Wakes whoever waits for something to arrive; an arrival between the look and the wait is not missed.
final class ArrivalSignal: Sendable {
  private struct State {
    var count: UInt64 = 0
    var nextWaiter: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  /// The number of arrivals so far.
  var count: UInt64 { state.withLock { $0.count } }

  /// Counts an arrival and wakes everybody.
  func ring() {
    let waiters = state.withLock { state in
      state.count += 1
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns once there have been more than `seen` arrivals or the deadline has passed; throws `cancelled`.
  func wait(after seen: UInt64, until deadline: ContinuousClock.Instant) async throws(QueueError) {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.wait(after: seen) }
      // The sleep ends early only by cancellation, which the caller is told of below.
      group.addTask { try? await Task.sleep(until: deadline, clock: .continuous) }
      await group.next()
      group.cancelAll()
    }
    guard !Task.isCancelled else { throw .cancelled }
  }

  private func wait(after seen: UInt64) async {
    let waiter = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          guard state.count == seen, !Task.isCancelled else { return true }
          state.waiters[waiter] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      // Taken out under the lock, so it is resumed here or by an arrival, never by both.
      let continuation = state.withLock { $0.waiters.removeValue(forKey: waiter) }
      continuation?.resume()
    }
  }
}
