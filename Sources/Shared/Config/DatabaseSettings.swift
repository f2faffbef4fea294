package import SharedModel

/// How the database is reached.
package struct DatabaseSettings: Sendable, Hashable {
  /// A libpq URI (`postgresql://…`) of the primary, several hosts allowed, with everything of `DB_CONNECTION_ARGS`.
  package let uri: Secret
  /// The same for this region's read replica; nil where there is none.
  package let readURI: Secret?
  /// `user@host:port,host:port/database`, without the password.
  package let summary: String
  /// Blocking connections for transactions.
  package let poolSize: Int
  /// Pipelined connections for single-row reads.
  package let pipelineConnections: Int
  package let connectTimeout: Duration
  package let statementTimeout: Duration
}

/// How Redis is reached.
package struct RedisSettings: Sendable, Hashable {
  package let host: String
  package let port: Int
  package let username: String?
  package let password: Secret?
  package let database: Int
}
