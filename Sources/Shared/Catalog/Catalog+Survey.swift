/// Statements for operators, which may take long.
extension Catalog {
  /// Runs a statement that changes nothing on a connection of the pool, never on the pipelined read path: a pull must
  /// not wait behind it.
  func survey(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    do {
      return try await database.query(sql, parameters)
    } catch .outcomeUnknown {
      throw .unavailable(detail: "the answer was lost", retryAfter: .seconds(1))
    }
  }
}
