/// Anything statements can be run on: the client, a transaction, a dedicated connection.
package protocol PostgresQuerying: Sendable {
  /// Runs one statement with its parameters bound.
  ///
  /// - Parameters:
  ///   - sql: one statement, with `$1`, `$2` … for the parameters; never built from input.
  ///   - parameters: the values of `$1`, `$2` …
  ///   - deadline: bound on the whole call, waiting included; nil means the configured statement timeout.
  /// - Returns: the statement's rows.
  /// - Throws: ``PostgresError``; ``PostgresError/cancelled`` after the statement was cancelled on the server.
  func query(
    _ sql: String, _ parameters: [PostgresValue], deadline: Duration?
  ) async throws(PostgresError) -> PostgresResult
}

extension PostgresQuerying {
  /// Runs one statement within the configured statement timeout.
  package func query(
    _ sql: String, _ parameters: [PostgresValue] = []
  ) async throws(PostgresError) -> PostgresResult {
    try await query(sql, parameters, deadline: nil)
  }
}

/// One statement of a batch.
package struct PostgresStatement: Sendable {
  package let sql: String
  package let parameters: [PostgresValue]

  package init(_ sql: String, _ parameters: [PostgresValue] = []) {
    self.sql = sql
    self.parameters = parameters
  }
}
