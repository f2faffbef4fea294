/// The relational database as the catalog needs it: bound statements, pipelined reads and transactions.
///
/// The statements are written once, in portable text (`ON CONFLICT`, `RETURNING`, partial indexes, data-modifying
/// `WITH`); the few words that databases spell differently come from `dialect`. Every call has its own deadline inside
/// the adapter. Cancellation ends a call with `cancelled`.
package protocol SQLDatabase: Sendable {
  /// The words this database spells in its own way.
  var dialect: SQLDialect { get }

  /// Runs one statement as a transaction of its own and returns its rows.
  ///
  /// Throws `outcomeUnknown` where the statement was sent and its fate was not learned.
  func query(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow]

  /// Runs one statement that changes nothing, sharing a round trip with other readers.
  ///
  /// May be repeated by the adapter, so it never throws `outcomeUnknown`.
  func read(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow]

  /// Runs `body` in one transaction, which commits when it returns and rolls back when it throws.
  func transaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) async throws(CatalogError) -> Value
  ) async throws(CatalogError) -> Value

  /// Ends waiting calls and closes every connection.
  func close() async
}

/// An open transaction; only good inside the body that received it.
package protocol SQLTransaction: Sendable {
  /// Runs one bound statement and returns its rows.
  func query(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow]

  /// Runs several statements of trusted text, without parameters: the migrations.
  func executeScript(_ sql: String) async throws(CatalogError)
}
