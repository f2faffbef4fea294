import CLibPQ

extension WireConnection {
  /// Runs several statements given as one text, by the simple protocol, as one implicit transaction unless one is open.
  ///
  /// Blocks the session's thread like ``execute(_:_:wake:interrupt:)``.
  func executeScript(
    _ sql: String, _ limits: ExchangeLimits, wake: WakeSignal, interrupt: Interrupt?
  ) -> Result<Void, PostgresError> {
    if let defect { return .failure(defect) }
    if interrupt?.isRaised == true { return .failure(.cancelled) }
    guard ContinuousClock.now < limits.deadline else { return .failure(.deadlineExceeded) }
    guard !sql.utf8.contains(0) else { return .failure(.invalidParameter("the script contains a NUL byte")) }
    // The simple protocol is not allowed in pipeline mode.
    guard PQexitPipelineMode(handle) == 1, PQsendQuery(handle, sql) == 1 else { return .failure(loseConnection()) }
    var patience = Patience(limits)
    var failure: PostgresError?
    while true {
      if PQisBusy(handle) == 1 || PQstatus(handle) == CONNECTION_BAD {
        if PQstatus(handle) == CONNECTION_BAD { return .failure(failure ?? loseConnection()) }
        if let reason = wait(&patience, wake: wake, interrupt: interrupt) { return .failure(reason) }
        if let defect { return .failure(failure ?? defect) }
        continue
      }
      guard let result = PQgetResult(handle) else { break }
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: continue
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        condemn(.invalidParameter("COPY is not supported"))
        return .failure(.invalidParameter("COPY is not supported"))
      default:
        let error = ResultDecoder.error(result)
        if case .connectionLost = error { condemn(error) }
        failure = failure ?? error
      }
      if let defect { return .failure(failure ?? defect) }
    }
    guard PQenterPipelineMode(handle) == 1 else { return .failure(failure ?? loseConnection()) }
    if let ticket = patience.ticket, !ticket.isFinished {
      condemn(.connectionLost("a cancel request did not finish"))
    }
    if let failure { return .failure(patience.explain(failure)) }
    return .success(())
  }
}
