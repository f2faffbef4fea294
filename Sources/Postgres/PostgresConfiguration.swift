/// How to reach the database, and the bounds on everything the client does.
package struct PostgresConfiguration: Sendable {
  /// A libpq URI. Quay's and SQLAlchemy's `postgresql+psycopg2://` and `postgres://` are accepted too. May name several
  /// hosts and any libpq option, `sslmode` among them.
  package var uri: String
  /// Whether only a server that takes writes will do where the URI names several and has no `target_session_attrs`.
  package var wantsPrimary = true
  /// Shown in `pg_stat_activity`.
  package var applicationName: String
  /// Sessions for transactions and lone statements.
  package var poolSize = 8
  /// Sessions for pipelined reads.
  package var pipelineConnections = 2
  /// Callers that may wait for a pooled session, and reads that may wait per pipelined session.
  package var maxWaiters = 1024
  /// How long a caller waits for a pooled session, and how long an outage is waited out before callers fail at once.
  package var acquireTimeout: Duration = .seconds(5)
  /// The server's `statement_timeout`, and the deadline of calls that give none.
  package var statementTimeout: Duration = .seconds(30)
  /// The server's `lock_timeout`.
  package var lockTimeout: Duration = .seconds(10)
  /// The server's `idle_in_transaction_session_timeout`: ends a transaction whose owner has stalled.
  package var idleInTransactionTimeout: Duration = .seconds(60)
  /// Bound on opening a session, per host of the URI.
  package var connectTimeout: Duration = .seconds(5)
  /// How long sent data may stay unacknowledged before the kernel gives the connection up (`TCP_USER_TIMEOUT`).
  package var tcpUserTimeout: Duration = .seconds(10)
  /// After a deadline or cancellation: how long the server may take to confirm before the session is discarded.
  package var cancelGrace: Duration = .seconds(1)
  /// A session idle for longer is checked by a round trip before it is used again.
  package var idleCheckAge: Duration = .seconds(30)
  /// How long ``PostgresClient/close()`` waits for work in flight.
  package var closeTimeout: Duration = .seconds(10)
  /// First delay after a failed connection attempt; doubled each time, with full jitter.
  package var reconnectDelay: Duration = .milliseconds(50)
  /// Cap on the delay between connection attempts.
  package var maxReconnectDelay: Duration = .seconds(3)
  /// Prepared statements kept per session.
  package var maxPreparedStatements = 256
  /// Bound on the bytes of one result's values.
  package var maxResultBytes = 64 << 20
  /// Bound on the rows of one result.
  package var maxResultRows = 200_000
  /// Receives what the server says besides results (NOTICE, WARNING …), on a session's thread: must not block. Without
  /// it notices are only counted in ``PostgresStatistics/notices``, because no one asked to read them.
  package var onNotice: (@Sendable (PostgresNotice) -> Void)?

  /// - Parameters:
  ///   - uri: the database's URI.
  ///   - applicationName: the process, as shown by the server.
  package init(uri: String, applicationName: String = "meridian") {
    self.uri = uri
    self.applicationName = applicationName
  }

  /// Checks the URI without any I/O.
  ///
  /// - Throws: ``PostgresError/connectionFailed(_:)`` with one line that never quotes the URI.
  package func validate() throws(PostgresError) {
    _ = try ConnectionTarget(self)
  }
}
