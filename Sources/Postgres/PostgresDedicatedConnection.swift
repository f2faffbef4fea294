/// A session lent for the length of a body, e.g. to hold an advisory lock; its state ends with it.
package final class PostgresDedicatedConnection: PostgresQuerying {
  private let session: Session
  private let configuration: PostgresConfiguration
  private let isFinished = Locked(false)

  init(_ session: Session, _ configuration: PostgresConfiguration) {
    self.session = session
    self.configuration = configuration
  }

  /// Runs one statement; outside a transaction unless BEGIN was run as a statement.
  package func query(
    _ sql: String, _ parameters: [PostgresValue], deadline: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    let statement = try EncodedStatement(sql, parameters)
    let results = try await session.execute([statement], limits(deadline)).get()
    guard let result = results.last else { throw .connectionLost("the server gave no result") }
    return result
  }

  /// Runs a text of several statements without parameters, as one implicit transaction.
  package func executeScript(_ sql: String, deadline: Duration? = nil) async throws(PostgresError) {
    try await session.executeScript(sql, limits(deadline)).get()
  }

  func finish() {
    isFinished.withLock { $0 = true }
  }

  private func limits(_ duration: Duration?) throws(PostgresError) -> ExchangeLimits {
    guard !isFinished.withLock({ $0 }) else { throw .closed }
    return ExchangeLimits(deadline: configuration.deadline(duration), grace: configuration.cancelGrace)
  }
}

extension PostgresConfiguration {
  /// When a call that begins now must be over.
  ///
  /// - Parameter duration: the caller's bound; nil for the statement timeout and the grace the server has to report it.
  /// - Returns: an instant of the continuous clock.
  func deadline(_ duration: Duration?) -> ContinuousClock.Instant {
    .now + (duration ?? statementTimeout + cancelGrace)
  }
}
