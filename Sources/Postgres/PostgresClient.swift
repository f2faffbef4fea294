/// A database, reached through a bounded pool of sessions and a few pipelined ones for hot reads.
///
/// Nothing here blocks the cooperative pool: every libpq call is made on a session's own thread, and answers are Swift
/// values before the caller resumes. Every call is bounded by a deadline; cancelling a task cancels its statement on the
/// server.
package final class PostgresClient: PostgresQuerying {
  package let configuration: PostgresConfiguration
  let core: Result<Core, PostgresError>

  /// What the client runs on.
  struct Core {
    let group: ServerGroup
    let pool: SessionPool
    let lanes: [PipelineLane]
    let sweeper: DeadlineSweeper
    let notices: NoticeSink
  }

  /// Makes a client without any I/O; sessions are opened when first needed, and a URI that cannot be used is reported by
  /// every call (or earlier by ``PostgresConfiguration/validate()``).
  package init(_ configuration: PostgresConfiguration) {
    self.configuration = configuration
    core = Result { () throws(PostgresError) in try Core(configuration) }
  }

  deinit {
    // Without close(): end the threads; whatever is in flight is still answered.
    guard case .success(let core) = core else { return }
    core.pool.refuse()
    for lane in core.lanes { lane.stop() }
    core.sweeper.stop()
    core.group.close()
  }

  /// Runs one statement in its own transaction on a pooled session.
  ///
  /// - Throws: ``PostgresError``. ``PostgresError/connectionLost(_:)``, ``PostgresError/deadlineExceeded`` and
  ///   ``PostgresError/cancelled`` do not say whether a write took effect; use ``transaction(_:isolation:_:)`` to know.
  package func query(
    _ sql: String, _ parameters: [PostgresValue], deadline: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    let statement = try EncodedStatement(sql, parameters)
    let limits = limits(deadline)
    return try await withSession(limits) { session in
      var result = await session.execute([statement], limits)
      if case .failure(let error) = result, error.isStalePlan { result = await session.execute([statement], limits) }
      return result.map(\.last)
    }
  }

  /// Runs one hot, independent read on a pipelined session.
  ///
  /// The statement must only read and be cheap: it shares a batch with others, holds them up while it runs, and may be
  /// run twice (when a neighbour's error aborted the batch, or the connection was lost).
  package func read(
    _ sql: String, _ parameters: [PostgresValue] = [], deadline: Duration? = nil
  ) async throws(PostgresError) -> PostgresResult {
    let core = try core.get()
    let request = ReadRequest(try EncodedStatement(sql, parameters), deadline: configuration.deadline(deadline))
    guard let lane = core.lanes.min(by: { $0.outstanding < $1.outstanding }) else {
      return try await query(sql, parameters, deadline: deadline)
    }
    return try await request.wait { lane.submit($0) }.get()
  }

  /// Runs a text of several statements without parameters, as one transaction.
  package func executeScript(_ sql: String, deadline: Duration? = nil) async throws(PostgresError) {
    let limits = limits(deadline)
    try await withSession(limits) { session in
      await session.executeScript(sql, limits).map { Optional(()) }
    }
  }

  /// Makes a cheap round trip on a pipelined session, so that a busy pool does not look like a dead database.
  package func health(deadline: Duration = .seconds(2)) async throws(PostgresError) -> PostgresHealth {
    let start = ContinuousClock.now
    let result = try await read(
      "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS read_only", [],
      deadline: deadline)
    guard let row = result.first else { throw .decoding(column: "read_only", expected: "one row") }
    return PostgresHealth(roundTrip: start.duration(to: .now), isReadOnly: try row.bool("read_only"))
  }

  func limits(_ duration: Duration?) -> ExchangeLimits {
    ExchangeLimits(deadline: configuration.deadline(duration), grace: configuration.cancelGrace)
  }

  private func withSession<T: Sendable>(
    _ limits: ExchangeLimits, _ body: (Session) async -> Result<T?, PostgresError>
  ) async throws(PostgresError) -> T {
    let core = try core.get()
    let pool = core.pool
    var attempts = 1
    var result: Result<T?, PostgresError>
    while true {
      let session = try await pool.acquire(deadline: limits.deadline)
      result = await body(session)
      guard case .failure(let error) = result, error.isReadOnly else {
        pool.release(session, isFit: true)
        break
      }
      pool.release(session, isFit: false)
      // The server was the primary and is not any more: it did nothing, and another may have taken its place.
      guard core.group.hasChoice, core.group.target.wantsPrimary, attempts < 2 else { break }
      attempts += 1
    }
    guard let value = try result.get() else { throw .connectionLost("the server gave no result") }
    return value
  }
}

extension PostgresClient.Core {
  init(_ configuration: PostgresConfiguration) throws(PostgresError) {
    let group = ServerGroup(try ConnectionTarget(configuration))
    self.group = group
    notices = NoticeSink(receiver: configuration.onNotice)
    sweeper = try DeadlineSweeper()
    pool = SessionPool(group, configuration, notices: notices, sweeper: sweeper)
    var lanes: [PipelineLane] = []
    for _ in 0..<max(0, configuration.pipelineConnections) {
      lanes.append(try PipelineLane(group, configuration, notices: notices, sweeper: sweeper))
    }
    self.lanes = lanes
    sweeper.add(pool)
    for lane in lanes { sweeper.add(lane) }
    let (pool, readers) = (pool, lanes.map(\.wake))
    group.onMove {
      pool.reconsider()
      for wake in readers { wake.signal() }
    }
  }
}
