import CLibPQ

/// The answer to one command, as far as it has arrived.
struct PartialResult {
  var rows: [PostgresRow] = []
  var sizeBytes = 0
  var isTooLarge = false
  /// The final outcome, known once the terminating result has arrived.
  var outcome: WireOutcome?
}

/// How one statement of a pipeline ended.
enum WireOutcome {
  case result(PostgresResult)
  case failed(PostgresError)
  /// An earlier command of the segment failed: this one was not run.
  case aborted
}

extension WireConnection {
  /// Something the peer has answered.
  enum Event {
    case finished(tag: Int, WireOutcome)
    case synchronised
  }

  /// The next answer that can be had without waiting, nil if more input is needed or the connection is lost.
  func receive() -> Event? {
    while let head = expected.first {
      guard PQisBusy(handle) == 0 else { return nil }
      guard let result = PQgetResult(handle) else {
        guard let outcome = partial.outcome else {
          // No result and no end of a command: libpq has nothing more to say on this connection.
          loseConnection()
          return nil
        }
        if let event = conclude(head, outcome) { return event }
        continue
      }
      defer { PQclear(result) }
      if PQresultStatus(result) == PGRES_PIPELINE_SYNC {
        advance()
        return .synchronised
      }
      absorb(result, of: head)
      if defect != nil { return nil }
    }
    return nil
  }

  private func advance() {
    _ = expected.popFirst()
    partial = PartialResult()
    prepareForHead()
  }

  private func conclude(_ head: Expectation, _ outcome: WireOutcome) -> Event? {
    let isTooLarge = partial.isTooLarge
    advance()
    let succeeded = if case .result = outcome { true } else { false }
    switch head {
    case .deallocate(let name):
      if !succeeded { orphans.append(name) }
      return nil
    case .prepare(let entry):
      guard case .failed(let error) = outcome else {
        if !succeeded { statements.forget(entry) }
        return nil
      }
      statements.forget(entry)
      preparationError = error
      return nil
    case .execute(let entry, let tag):
      defer { preparationError = nil }
      // The statement itself was skipped because its own preparation failed: that failure is its outcome.
      if case .aborted = outcome, let preparationError { return .finished(tag: tag, .failed(preparationError)) }
      if case .failed(let error) = outcome, error.isStalePlan { statements.forget(entry) }
      if isTooLarge {
        condemn(.resultTooLarge)
        return .finished(tag: tag, .failed(.resultTooLarge))
      }
      return .finished(tag: tag, outcome)
    case .synchronise: return .synchronised
    }
  }

  private func absorb(_ result: OpaquePointer, of head: Expectation) {
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
      if case .execute(let entry, _) = head { collectRows(result, entry) }
      guard PQresultStatus(result) != PGRES_SINGLE_TUPLE else { return }
      partial.outcome = .result(
        PostgresResult(
          rows: partial.rows, affectedRows: ResultDecoder.affectedRows(result),
          commandTag: String(cString: PQcmdStatus(result))))
    case PGRES_PIPELINE_ABORTED: partial.outcome = .aborted
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
      // No caller may start COPY on these sessions, and there is no way back from it within a pipeline.
      condemn(.invalidParameter("COPY is not supported"))
    default:
      let error = ResultDecoder.error(result)
      if case .connectionLost = error { condemn(error) }
      partial.outcome = .failed(error)
    }
  }

  private func collectRows(_ result: OpaquePointer, _ entry: StatementCache.Entry) {
    guard PQnfields(result) > 0 else { return }
    let columns = entry.columns ?? ResultDecoder.columns(result)
    entry.columns = columns
    for row in 0..<PQntuples(result) where !partial.isTooLarge {
      partial.sizeBytes += ResultDecoder.sizeBytes(result, row: row, columns: columns.names.count)
      guard partial.sizeBytes <= maxResultBytes, partial.rows.count < maxResultRows else {
        partial.isTooLarge = true
        partial.rows = []
        return
      }
      partial.rows.append(ResultDecoder.row(result, row: row, columns: columns))
    }
  }
}
