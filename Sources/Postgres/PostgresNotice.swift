/// Something the server said besides a result.
package struct PostgresNotice: Sendable, Equatable {
  /// NOTICE, WARNING, INFO, LOG or DEBUG, not translated.
  package let severity: String
  /// The SQLSTATE.
  package let sqlState: String
  /// The primary message.
  package let message: String
}
