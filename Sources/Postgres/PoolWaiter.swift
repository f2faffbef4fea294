/// A caller in the pool's queue; answered exactly once.
final class PoolWaiter: Sendable {
  let deadline: ContinuousClock.Instant
  private let state = Locked(State())

  private struct State {
    var continuation: CheckedContinuation<Result<Session, PostgresError>, Never>?
    var answer: Result<Session, PostgresError>?
  }

  init(deadline: ContinuousClock.Instant) {
    self.deadline = deadline
  }

  /// Whether the waiter has its answer, e.g. because its task was cancelled.
  var isAnswered: Bool { state.withLock { $0.answer != nil } }

  /// Suspends until answered.
  func wait() async -> Result<Session, PostgresError> {
    await withCheckedContinuation { continuation in
      let answer = state.withLock { state in
        if state.answer == nil { state.continuation = continuation }
        return state.answer
      }
      if let answer { continuation.resume(returning: answer) }
    }
  }

  /// Gives the answer.
  ///
  /// - Returns: false if the waiter has been answered before; a session offered then stays with the offerer.
  func answer(_ answer: Result<Session, PostgresError>) -> Bool {
    let (isFirst, continuation) = state.withLock { state in
      guard state.answer == nil else {
        return (false, nil as CheckedContinuation<Result<Session, PostgresError>, Never>?)
      }
      state.answer = answer
      return (true, state.continuation.take())
    }
    continuation?.resume(returning: answer)
    return isFirst
  }
}
