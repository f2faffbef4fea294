extension PostgresClient {
  /// Runs `body` between BEGIN and COMMIT on one session; ROLLBACK if it throws or the task is cancelled.
  ///
  /// - Parameters:
  ///   - options: isolation, read-only, retries, deadline.
  ///   - isolation: the caller's actor, so that the body may use its state.
  ///   - body: runs its statements on the transaction it is given, not on the client.
  /// - Returns: what the body returns, once COMMIT is confirmed.
  /// - Throws: what the body throws; ``PostgresError/outcomeUnknown`` if COMMIT was sent and its reply was lost (I8:
  ///   never treat it as done); any other ``PostgresError`` means that nothing was written.
  package func transaction<T: Sendable>(
    _ options: PostgresTransactionOptions = PostgresTransactionOptions(),
    isolation: isolated (any Actor)? = #isolation,
    _ body: (PostgresTransaction) async throws -> T
  ) async throws -> T {
    var retries = 0
    while true {
      do {
        return try await attempt(options, isolation: isolation, body)
      } catch let error as PostgresError where retries < options.retries && error.allowsTransactionRetry {
        retries += 1
        // 10, 20, 40 ms with full jitter: colliding transactions must not meet again.
        let ceiling = Duration.milliseconds(5 << retries)
        try await Task.sleep(for: ceiling * Double.random(in: 0..<1))
      }
    }
  }

  private func attempt<T: Sendable>(
    _ options: PostgresTransactionOptions, isolation: isolated (any Actor)?,
    _ body: (PostgresTransaction) async throws -> T
  ) async throws -> T {
    let pool = try core.get().pool
    let session = try await pool.acquire(deadline: configuration.deadline(options.deadline))
    let transaction = PostgresTransaction(session, configuration, options)
    defer { pool.release(session, isFit: transaction.isSessionFit) }
    do {
      let value = try await body(transaction)
      try Task.checkCancellation()
      try await transaction.commit()
      return value
    } catch {
      await transaction.rollback()
      throw error
    }
  }

  /// Lends one session for the length of `body`, e.g. for an advisory lock.
  ///
  /// The session takes a place of the pool and is closed at the end, so that no lock, setting or open transaction can
  /// leak to the next borrower.
  ///
  /// - Parameters:
  ///   - isolation: the caller's actor, so that the body may use its state.
  ///   - body: runs its statements on the connection it is given.
  /// - Returns: what the body returns.
  /// - Throws: what the body throws, or why no session could be lent.
  package func withConnection<T: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ body: (PostgresDedicatedConnection) async throws -> T
  ) async throws -> T {
    let pool = try core.get().pool
    let session = try await pool.acquire(deadline: configuration.deadline(nil))
    let connection = PostgresDedicatedConnection(session, configuration)
    defer {
      connection.finish()
      pool.release(session, isFit: false)
    }
    return try await body(connection)
  }
}

extension PostgresError {
  /// Whether a transaction that ended so was certainly rolled back and may succeed when run again.
  fileprivate var allowsTransactionRetry: Bool {
    if case .connectionLost = self { return true }
    return isSerializationConflict || isReadOnly || isStalePlan
  }
}
