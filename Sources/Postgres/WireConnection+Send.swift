import CLibPQ

extension WireConnection {
  /// Puts a statement into the pipeline, preparing it on first use.
  ///
  /// - Returns: false if the connection is lost.
  func send(_ statement: EncodedStatement, tag: Int) -> Bool {
    guard defect == nil else { return false }
    let entry: StatementCache.Entry
    if let known = statements.find(statement.sql) {
      entry = known
    } else {
      let (admitted, evicted) = statements.admit(statement.sql)
      entry = admitted
      orphans.append(contentsOf: evicted)
      guard sendDeallocations(), PQsendPrepare(handle, entry.name, statement.sql, 0, nil) == 1 else {
        loseConnection()
        return false
      }
      expect(.prepare(entry))
    }
    let sent = statement.withParameters { count, values, lengths, formats in
      PQsendQueryPrepared(handle, entry.name, count, values, lengths, formats, 0)
    }
    guard sent == 1 else {
      loseConnection()
      return false
    }
    expect(.execute(entry, tag: tag))
    return true
  }

  /// Ends the segment: the server answers everything sent and forgets an error for what follows.
  ///
  /// - Returns: false if the connection is lost.
  func synchronise() -> Bool {
    guard defect == nil, PQpipelineSync(handle) == 1 else {
      loseConnection()
      return false
    }
    expect(.synchronise)
    return true
  }

  private func sendDeallocations() -> Bool {
    let names = orphans
    orphans = []
    for name in names {
      // The name is our own counter's ("s17"), never input.
      guard PQsendQueryParams(handle, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 0) == 1 else { return false }
      expect(.deallocate(name: name))
    }
    return true
  }

  private func expect(_ expectation: Expectation) {
    let wasIdle = expected.isEmpty
    expected.append(expectation)
    if wasIdle { prepareForHead() }
  }

  /// Asks libpq to hand out the rows of the command at the head one by one. libpq takes the request only before it has
  /// parsed any of the answer; when it does not, the result arrives whole and is checked against the bounds after.
  func prepareForHead() {
    if streamsRows, case .execute = expected.first { _ = PQsetSingleRowMode(handle) }
  }
}
