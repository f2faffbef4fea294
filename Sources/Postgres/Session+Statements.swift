extension Session {
  /// Runs statements as one segment, in one round trip.
  func execute(
    _ batch: [EncodedStatement], _ limits: ExchangeLimits, isInterruptible: Bool = true
  ) async -> Result<[PostgresResult], PostgresError> {
    await perform(isInterruptible: isInterruptible) { [wake] wire, interrupt in
      wire.execute(batch, limits, wake: wake, interrupt: interrupt)
    }
  }

  /// Runs a script by the simple protocol, after `opening` (BEGIN) if there is one.
  func executeScript(
    _ sql: String, after opening: EncodedStatement? = nil, _ limits: ExchangeLimits
  ) async -> Result<Void, PostgresError> {
    await perform { [wake] wire, interrupt in
      if let opening, case .failure(let error) = wire.execute([opening], limits, wake: wake, interrupt: interrupt) {
        return .failure(error)
      }
      return wire.executeScript(sql, limits, wake: wake, interrupt: interrupt)
    }
  }

  /// Whether the server still answers; a round trip that runs no statement.
  func answers(_ limits: ExchangeLimits) async -> Bool {
    let result = await perform(isInterruptible: false) { [wake] wire, _ in
      wire.execute([], limits, wake: wake, interrupt: nil)
    }
    if case .success = result { return true }
    return false
  }
}
