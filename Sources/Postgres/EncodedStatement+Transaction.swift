extension EncodedStatement {
  static let commit = EncodedStatement(bare: "COMMIT")
  static let rollback = EncodedStatement(bare: "ROLLBACK")

  /// BEGIN with the options spelt out, so that no session default can change them.
  static func begin(_ options: PostgresTransactionOptions) -> EncodedStatement {
    EncodedStatement(
      bare: "BEGIN ISOLATION LEVEL \(options.isolation.rawValue) \(options.isReadOnly ? "READ ONLY" : "READ WRITE")")
  }
}
