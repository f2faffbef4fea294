extension SessionPool {
  /// Refuses new callers, fails those who wait, and waits for lent sessions to come back, at most until `deadline`;
  /// sessions still at work then are left to end by their own deadlines.
  func close(deadline: ContinuousClock.Instant) async {
    refuse()
    let waiter = DrainWaiter(deadline: deadline)
    let isDrained = state.withLock { state in
      guard !state.members.isEmpty else { return true }
      state.drains.append(waiter)
      return false
    }
    guard !isDrained else { return }
    sweeper.arm()
    await withTaskCancellationHandler {
      await waiter.wait()
    } onCancel: {
      waiter.finish()
    }
  }

  /// Refuses new callers, fails those who wait, and ends the sessions nobody uses.
  func refuse() {
    let (waiters, unneeded) = state.withLock { state in
      state.isClosed = true
      let unneeded = state.idle.map(\.session) + state.opening.compactMap { state.members[$0] }
      state.idle = []
      return (state.waiters.removeAll(), unneeded)
    }
    for waiter in waiters { _ = waiter.answer(.failure(.closed)) }
    for session in unneeded { session.stop() }
  }

  func expireDrains(at now: ContinuousClock.Instant) {
    let late = state.withLock { state in
      let late = state.drains.filter { $0.deadline <= now }
      state.drains.removeAll { $0.deadline <= now }
      return late
    }
    for waiter in late { waiter.finish() }
  }
}

extension SessionPool.State {
  /// Those waiting for the last session to go, if it has gone.
  mutating func takeDrained() -> [DrainWaiter] {
    guard members.isEmpty else { return [] }
    defer { drains = [] }
    return drains
  }
}

/// Somebody waiting for a pool to empty; finished exactly once.
final class DrainWaiter: Sendable {
  let deadline: ContinuousClock.Instant
  private let state = Locked(State.waiting(nil))

  private enum State {
    case waiting(CheckedContinuation<Void, Never>?)
    case finished
  }

  init(deadline: ContinuousClock.Instant) {
    self.deadline = deadline
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isFinished = state.withLock { state in
        if case .finished = state { return true }
        state = .waiting(continuation)
        return false
      }
      if isFinished { continuation.resume() }
    }
  }

  func finish() {
    let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard case .waiting(let continuation) = state else { return nil }
      state = .finished
      return continuation
    }
    continuation?.resume()
  }
}
