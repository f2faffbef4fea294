import CLibPQ
import Glibc

/// The bounds on one exchange with the server.
struct ExchangeLimits: Sendable {
  let deadline: ContinuousClock.Instant
  let grace: Duration
}

extension WireConnection {
  /// Runs statements as one segment and waits for all answers: one round trip.
  ///
  /// Blocks the session's thread until the answers are there, the deadline passes or the interrupt is raised; the server
  /// is then asked to cancel, and the session condemned if it does not confirm within the grace. A statement that
  /// finishes in spite of the cancellation is reported as what it is: done.
  ///
  /// - Parameters:
  ///   - batch: sent in order; the first error aborts the rest.
  ///   - limits: the deadline, and the grace after it.
  ///   - wake: the signal of the session's thread.
  ///   - interrupt: nil for what must not be cancelled (COMMIT, ROLLBACK): a deadline then condemns the session without
  ///     asking the server to cancel.
  /// - Returns: one result per statement, or the first error.
  func execute(
    _ batch: [EncodedStatement], _ limits: ExchangeLimits, wake: WakeSignal, interrupt: Interrupt?
  ) -> Result<[PostgresResult], PostgresError> {
    if let defect { return .failure(defect) }
    if interrupt?.isRaised == true { return .failure(.cancelled) }
    guard ContinuousClock.now < limits.deadline else { return .failure(.deadlineExceeded) }
    for (tag, statement) in batch.enumerated() where !send(statement, tag: tag) { break }
    guard defect == nil, synchronise() else { return .failure(defect ?? loseConnection()) }
    var patience = Patience(limits)
    var results: [PostgresResult] = []
    var failure: PostgresError?
    while true {
      switch receive() {
      case .finished(_, .result(let result)): results.append(result)
      case .finished(_, .failed(let error)): failure = failure ?? error
      case .finished(_, .aborted): failure = failure ?? .connectionLost("the pipeline was aborted")
      case .synchronised:
        awaitCancellation(patience, wake: wake)
        if let failure { return .failure(patience.explain(failure)) }
        return .success(results)
      case nil:
        if let defect { return .failure(failure ?? defect) }
        if let reason = wait(&patience, wake: wake, interrupt: interrupt) { return .failure(reason) }
      }
    }
  }

  /// Waits for input or output space; asks the server to cancel when the caller's patience ends.
  ///
  /// - Returns: why waiting is over, nil to look for answers again.
  func wait(_ patience: inout Patience, wake: WakeSignal, interrupt: Interrupt?) -> PostgresError? {
    let events = flush() ? POLLIN : POLLIN | POLLOUT
    let doubt = suspicionAge.map { ContinuousClock.now + $0 }
    if awaitReady(socket, events: events, wake: wake, until: min(patience.deadline, doubt ?? patience.deadline)) {
      takeInput()
      return nil
    }
    condemnIfReplaced()
    if let defect { return defect }
    if let doubt, ContinuousClock.now >= doubt { suspectServer() }
    let isLate = ContinuousClock.now >= patience.deadline
    if let reason = patience.ended {
      guard isLate else { return nil }
      condemn(.connectionLost("the server did not confirm a cancellation"))
      return reason
    }
    guard isLate || interrupt?.isRaised == true else { return nil }
    let reason = interrupt?.isRaised == true ? PostgresError.cancelled : .deadlineExceeded
    guard interrupt != nil, let ticket = Canceller.cancel(handle, wake: wake) else {
      condemn(.connectionLost("the server did not answer in time"))
      return reason
    }
    patience.end(reason, ticket)
    return nil
  }

  /// A cancel request still under way could hit the session's next statement: wait for it, or give the session up.
  private func awaitCancellation(_ patience: Patience, wake: WakeSignal) {
    guard let ticket = patience.ticket else { return }
    while !ticket.isFinished, ContinuousClock.now < patience.deadline {
      _ = awaitReady(-1, events: 0, wake: wake, until: patience.deadline)
    }
    if !ticket.isFinished { condemn(.connectionLost("a cancel request did not finish")) }
  }
}

/// How long one exchange may still take, and why it was cut short.
struct Patience {
  private(set) var deadline: ContinuousClock.Instant
  private let grace: Duration
  /// Why the server was asked to cancel.
  private(set) var ended: PostgresError?
  private(set) var ticket: Canceller.Ticket?

  init(_ limits: ExchangeLimits) {
    deadline = limits.deadline
    grace = limits.grace
  }

  mutating func end(_ reason: PostgresError, _ ticket: Canceller.Ticket) {
    ended = reason
    self.ticket = ticket
    deadline = ContinuousClock.now + grace
  }

  /// What a server's error means to the caller: 57014 (query_canceled) is our own cancellation, or else the server's
  /// statement timeout.
  func explain(_ error: PostgresError) -> PostgresError {
    error.sqlState == "57014" ? ended ?? .deadlineExceeded : error
  }
}
