/// A statement's complete answer.
package struct PostgresResult: Sendable {
  /// The rows, empty for a statement that returns none.
  package let rows: [PostgresRow]

  /// The number of rows inserted, updated, deleted or selected, 0 where the server reports none.
  package let affectedRows: Int

  /// The server's command tag, e.g. `COMMIT` or `ROLLBACK`.
  let commandTag: String

  /// The first row, nil if there is none.
  package var first: PostgresRow? { rows.first }
}
