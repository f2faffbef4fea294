private import Synchronization

/// Holds callers back until a test opens it.
package final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiters: [CheckedContinuation<Void, Never>] = []
    var mostWaiting = 0
  }

  private let state = Mutex(State())

  /// A closed gate.
  package init() {}

  /// The number of callers held back now.
  package var waiting: Int { state.withLock { $0.waiters.count } }
  /// The largest that number has been.
  package var mostWaiting: Int { state.withLock { $0.mostWaiting } }

  /// Waits until the gate is open; cancellation does not open it.
  package func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen {
          state.waiters.append(continuation)
          state.mostWaiting = max(state.mostWaiting, state.waiters.count)
        }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  /// Lets everybody through from now on.
  package func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}

/// Notes numbers in the order they come.
package final class OrderRecorder: Sendable {
  private let recorded = Mutex<[Int]>([])

  /// Nothing noted yet.
  package init() {}

  /// What was noted so far.
  package var values: [Int] { recorded.withLock { $0 } }

  /// Notes a number.
  package func record(_ value: Int) { recorded.withLock { $0.append(value) } }
}
