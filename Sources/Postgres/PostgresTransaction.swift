/// An open transaction on one session; valid within the body of ``PostgresClient/transaction(_:isolation:_:)`` only.
///
/// BEGIN travels with the first statement, so it costs no round trip. Statements run one at a time. After a server error
/// the transaction can only be rolled back, as in any PostgreSQL client.
package final class PostgresTransaction: PostgresQuerying {
  let session: Session
  private let configuration: PostgresConfiguration
  private let options: PostgresTransactionOptions
  private let deadline: ContinuousClock.Instant?
  private let state = Locked(State())

  private struct State {
    var hasBegun = false
    var isFinished = false
    /// The first error that makes the session unfit for reuse.
    var sawReadOnly = false
  }

  init(_ session: Session, _ configuration: PostgresConfiguration, _ options: PostgresTransactionOptions) {
    self.session = session
    self.configuration = configuration
    self.options = options
    deadline = options.deadline.map { ContinuousClock.now + $0 }
  }

  /// Runs one statement in the transaction.
  package func query(
    _ sql: String, _ parameters: [PostgresValue], deadline: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    let results = try await run([EncodedStatement(sql, parameters)], deadline)
    guard let result = results.last else { throw .connectionLost("the server gave no result") }
    return result
  }

  /// Runs several statements in one round trip; the first error ends the batch and is thrown.
  ///
  /// - Returns: one result per statement, in order.
  package func batch(
    _ statements: [PostgresStatement], deadline: Duration? = nil
  ) async throws(PostgresError) -> [PostgresResult] {
    var encoded: [EncodedStatement] = []
    for statement in statements { encoded.append(try EncodedStatement(statement.sql, statement.parameters)) }
    return encoded.isEmpty ? [] : try await run(encoded, deadline)
  }

  /// Runs a text of several statements without parameters, e.g. a migration.
  package func executeScript(_ sql: String, deadline: Duration? = nil) async throws(PostgresError) {
    let opening = try admit()
    try note(await session.executeScript(sql, after: opening, limits(deadline)))
  }

  private func run(_ batch: [EncodedStatement], _ deadline: Duration?) async throws(PostgresError) -> [PostgresResult] {
    let opening = try admit().map { [$0] } ?? []
    let results = try note(await session.execute(opening + batch, limits(deadline)))
    return Array(results.dropFirst(opening.count))
  }

  /// The BEGIN to send first, if none has been sent.
  private func admit() throws(PostgresError) -> EncodedStatement? {
    let isFirst = try state.withLock { state throws(PostgresError) -> Bool in
      guard !state.isFinished else { throw .closed }
      defer { state.hasBegun = true }
      return !state.hasBegun
    }
    return isFirst ? .begin(options) : nil
  }

  private func limits(_ duration: Duration?) -> ExchangeLimits {
    let own = configuration.deadline(duration)
    return ExchangeLimits(deadline: deadline.map { min($0, own) } ?? own, grace: configuration.cancelGrace)
  }

  @discardableResult
  private func note<T>(_ result: Result<T, PostgresError>) throws(PostgresError) -> T {
    if case .failure(let error) = result, error.isReadOnly, !options.isReadOnly {
      state.withLock { $0.sawReadOnly = true }
    }
    return try result.get()
  }
}

extension PostgresTransaction {
  /// Whether the session may serve others: not when the server turned out to be read-only (a standby after failover).
  var isSessionFit: Bool { state.withLock { !$0.sawReadOnly } }

  /// Sends COMMIT; nothing, if no statement was run. Not cancelled by the task: once sent, it must be waited for.
  ///
  /// - Throws: ``PostgresError/outcomeUnknown`` if COMMIT was sent and no reply came (I8); a server error if the server
  ///   rolled back instead.
  func commit() async throws(PostgresError) {
    guard finish() else { return }
    let statement = EncodedStatement.commit
    let limits = ExchangeLimits(
      deadline: configuration.deadline(nil), grace: configuration.cancelGrace)
    let result = await session.perform(isInterruptible: false) {
      [wake = session.wake] wire, _ -> Result<Result<[PostgresResult], PostgresError>, PostgresError> in
      // What the server said before COMMIT was sent: a session it has ended by then has certainly not committed.
      wire.takeAllInput()
      if let defect = wire.defect { return .failure(defect) }
      return .success(wire.execute([statement], limits, wake: wake, interrupt: nil))
    }
    switch try result.get() {
    case .success(let results):
      guard results.last?.commandTag == "COMMIT" else {
        // The server answers COMMIT of a failed transaction with ROLLBACK, as a success.
        throw .server(sqlState: "25P02", message: "the transaction had failed and was rolled back", constraint: nil)
      }
    case .failure(.connectionLost), .failure(.deadlineExceeded): throw .outcomeUnknown
    case .failure(let error): throw error
    }
  }

  /// Sends ROLLBACK; a session that does not confirm it is dropped by the pool, which rolls back as well.
  func rollback() async {
    guard finish() else { return }
    let limits = ExchangeLimits(deadline: .now + configuration.cancelGrace, grace: configuration.cancelGrace)
    // A failure leaves the session not at rest: the pool drops it.
    _ = await session.execute([.rollback], limits, isInterruptible: false)
  }

  /// Ends the transaction for its users.
  ///
  /// - Returns: whether there is anything to end on the server.
  private func finish() -> Bool {
    state.withLock { state in
      defer { state.isFinished = true }
      return state.hasBegun && !state.isFinished
    }
  }
}
