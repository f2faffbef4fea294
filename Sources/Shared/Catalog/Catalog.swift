import SharedModel

/// Everything the database knows: blobs and where they are, repositories, manifests, tags, uploads and jobs.
///
/// The database is the truth (D1). Each call is one statement, hence one round trip and one transaction, unless its
/// comment says otherwise; nothing is held between calls (D5). Times are of the database's clock. Calls throw
/// `CatalogError`; transactions that collided were retried already. Cancellation ends a call with `cancelled`.
package struct Catalog: Sendable {
  let database: any SQLDatabase

  /// Makes a catalog over a database whose schema is of the version this program knows (`Migrator`).
  package init(database: any SQLDatabase) { self.database = database }

  /// Ends waiting calls and closes every connection.
  package func close() async { await database.close() }

  var dialect: SQLDialect { database.dialect }

  /// Runs a changing statement, again where it collided with another one and was rolled back.
  func write(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    for attempt in 1..<Self.writeAttempts {
      do {
        return try await database.query(sql, parameters)
      } catch .contended {
        try await Self.pause(afterAttempt: attempt)
      }
    }
    return try await database.query(sql, parameters)
  }

  /// Runs `body` in one transaction, again where it collided with another one and was rolled back.
  ///
  /// `body` must have no effects outside of the transaction.
  func transact<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) async throws(CatalogError) -> Value
  ) async throws(CatalogError) -> Value {
    for attempt in 1..<Self.writeAttempts {
      do {
        return try await database.transaction(body)
      } catch .contended {
        try await Self.pause(afterAttempt: attempt)
      }
    }
    return try await database.transaction(body)
  }

  /// Runs a statement that changes nothing on the pipelined read path.
  func read(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    try await database.read(sql, parameters)
  }

  /// Runs a statement that changes nothing where `tolerance` allows; `isFound` tells an answer from a miss.
  func read(
    _ sql: String, _ parameters: [SQLValue], _ tolerance: ReadTolerance,
    isFound: @Sendable ([SQLRow]) -> Bool = { _ in true }
  ) async throws(CatalogError) -> [SQLRow] {
    try await database.read(sql, parameters, tolerance, isFound: isFound)
  }

  /// A number at least `limit`, for a LIMIT that is part of the statement's text.
  ///
  /// PostgreSQL plans a bound LIMIT as a tenth of the table and may then read whole tables; a number it can see keeps
  /// the plan on the indexes. Powers of two, so that there are few different statements to prepare.
  static func plannedLimit(_ limit: Int) -> Int {
    var planned = 16
    while planned < limit, planned < 1 << 16 { planned *= 2 }
    return planned
  }

  /// Three attempts in all (reliability matrix: 40P01 and 40001 are retried at most three times).
  private static let writeAttempts = 3

  /// Waits a few random milliseconds, so that two colliding callers do not collide again.
  private static func pause(afterAttempt attempt: Int) async throws(CatalogError) {
    do {
      try await Task.sleep(for: .microseconds(Int.random(in: 500...(10_000 * attempt))))
    } catch {
      throw .cancelled
    }
  }
}
