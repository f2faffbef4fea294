/// The relational database as the catalog needs it: bound statements, pipelined reads and transactions.
///
/// The statements are written once, in portable text (`ON CONFLICT`, `RETURNING`, partial indexes, data-modifying
/// `WITH`); the few words that databases spell differently come from `dialect`. Every call has its own deadline inside
/// the adapter. Cancellation ends a call with `cancelled`.
package protocol SQLDatabase: Sendable {
  /// The words this database spells in its own way.
  var dialect: SQLDialect { get }

  /// The pools of connections as they are at this moment; none where there is nothing to count.
  var pools: [DatabasePool] { get }

  /// Runs one statement as a transaction of its own and returns its rows.
  ///
  /// Throws `outcomeUnknown` where the statement was sent and its fate was not learned.
  func query(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow]

  /// Runs one statement that changes nothing, sharing a round trip with other readers.
  ///
  /// May be repeated by the adapter, so it never throws `outcomeUnknown`.
  func read(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow]

  /// `read`, waiting for at most `limit`: throws `unavailable` then.
  func read(_ sql: String, _ parameters: [SQLValue], within limit: Duration) async throws(CatalogError) -> [SQLRow]

  /// `read` for a caller that can live with an answer from elsewhere than the primary, within its tolerance.
  ///
  /// `isFound` tells whether an answer has what was asked for; only the primary is believed that something is missing.
  func read(
    _ sql: String, _ parameters: [SQLValue], _ tolerance: ReadTolerance, isFound: @Sendable ([SQLRow]) -> Bool
  ) async throws(CatalogError) -> [SQLRow]

  /// Has tolerant reads of this process see the deletion of what `text` names (a digest), just made through it.
  func forgetAnswers(about text: String)

  /// Runs `body` in one transaction, which commits when it returns and rolls back when it throws.
  func transaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) async throws(CatalogError) -> Value
  ) async throws(CatalogError) -> Value

  /// Ends waiting calls and closes every connection.
  func close() async
}

extension SQLDatabase {
  package var pools: [DatabasePool] { [] }

  /// A database of one server has one answer.
  package func read(
    _ sql: String, _ parameters: [SQLValue], _ tolerance: ReadTolerance, isFound: @Sendable ([SQLRow]) -> Bool
  ) async throws(CatalogError) -> [SQLRow] {
    try await read(sql, parameters)
  }

  package func forgetAnswers(about text: String) {}
}

/// An open transaction; only good inside the body that received it.
package protocol SQLTransaction: Sendable {
  /// Runs one bound statement and returns its rows.
  func query(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow]

  /// Runs several statements of trusted text, without parameters: the migrations.
  func executeScript(_ sql: String) async throws(CatalogError)
}
