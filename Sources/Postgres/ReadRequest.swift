/// One read on its way through a pipelined session; answered exactly once.
final class ReadRequest: Sendable {
  typealias Answer = Result<PostgresResult, PostgresError>

  let statement: EncodedStatement
  let deadline: ContinuousClock.Instant
  /// 0 for the first try; a read is sent at most twice.
  let attempt: Int
  private let state: Locked<State>

  private struct State {
    var continuation: CheckedContinuation<Answer, Never>?
    var answer: Answer?
  }

  init(_ statement: EncodedStatement, deadline: ContinuousClock.Instant) {
    self.statement = statement
    self.deadline = deadline
    attempt = 0
    state = Locked(State())
  }

  /// A second try of `first`, answering the same caller.
  init(retrying first: ReadRequest) {
    statement = first.statement
    deadline = first.deadline
    attempt = first.attempt + 1
    state = first.state
  }

  /// Whether the caller has its answer; it has when it was cancelled or its deadline passed.
  var isAnswered: Bool { state.withLock { $0.answer != nil } }

  /// Hands the request over by `submit` and suspends until answered.
  func wait(_ submit: (ReadRequest) -> Void) async -> Answer {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer = state.withLock { state in
          if state.answer == nil { state.continuation = continuation }
          return state.answer
        }
        if let answer { continuation.resume(returning: answer) } else { submit(self) }
      }
    } onCancel: {
      self.answer(.failure(.cancelled))
    }
  }

  /// Answers the caller; only the first answer counts.
  func answer(_ answer: Answer) {
    let continuation = state.withLock { state -> CheckedContinuation<Answer, Never>? in
      guard state.answer == nil else { return nil }
      state.answer = answer
      return state.continuation.take()
    }
    continuation?.resume(returning: answer)
  }
}
