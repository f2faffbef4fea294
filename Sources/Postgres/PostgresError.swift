/// Everything that can go wrong between a caller and the database.
///
/// No payload ever holds the password: libpq's messages never name it, parse errors of the URI are replaced by a fixed
/// sentence, and connection messages are redacted once more before they become an error.
package enum PostgresError: Error, Sendable, Equatable {
  /// No session could be opened; nothing was sent.
  case connectionFailed(_ message: String)
  /// An open session broke. A transaction that had not sent COMMIT was rolled back; a statement run outside a
  /// transaction may or may not have taken effect.
  case connectionLost(_ message: String)
  /// The server refused the statement (SQLSTATE, primary message, name of the violated constraint).
  case server(sqlState: String, message: String, constraint: String?)
  /// The wait queue is full; nothing was sent.
  case poolExhausted
  /// The deadline passed while waiting for a session or for the answer, or the server's own statement timeout fired.
  case deadlineExceeded
  /// The calling task was cancelled, and the statement with it.
  case cancelled
  /// The client, transaction or dedicated connection was closed before this call.
  case closed
  /// A column is missing, NULL, or not of the expected type.
  case decoding(column: String, expected: String)
  /// A parameter or the SQL text cannot be sent, e.g. because it contains a NUL byte.
  case invalidParameter(_ reason: String)
  /// The result is larger than ``PostgresConfiguration/maxResultBytes`` or ``PostgresConfiguration/maxResultRows``.
  case resultTooLarge
  /// COMMIT was sent and its reply never came: the transaction may or may not be durable (invariant I8).
  case outcomeUnknown
}

extension PostgresError {
  /// The SQLSTATE of a server error, nil for every other error.
  package var sqlState: String? {
    if case .server(let sqlState, _, _) = self { return sqlState }
    return nil
  }

  /// The violated constraint's name, where the server gave one.
  package var constraint: String? {
    if case .server(_, _, let constraint) = self { return constraint }
    return nil
  }

  /// Whether a unique constraint was violated (23505).
  package var isUniqueViolation: Bool { sqlState == "23505" }

  /// Whether a foreign key was violated (23503).
  package var isForeignKeyViolation: Bool { sqlState == "23503" }

  /// Whether a check constraint was violated (23514).
  package var isCheckViolation: Bool { sqlState == "23514" }

  /// Whether the server accepts no writes (25006), as a standby does before and after a failover.
  package var isReadOnly: Bool { sqlState == "25006" }

  /// Whether concurrent transactions collided (serialization failure 40001, deadlock 40P01).
  package var isSerializationConflict: Bool { sqlState == "40001" || sqlState == "40P01" }

  /// Whether a lock was not granted in time (55P03).
  package var isLockTimeout: Bool { sqlState == "55P03" }

  /// Whether the same work may succeed when it is run again unchanged.
  ///
  /// True only for errors after which a transaction is known to have had no effect. A lone statement that reports
  /// ``connectionLost(_:)`` may have run: run it again only if it is idempotent. ``outcomeUnknown`` is never retryable
  /// here, because only the caller knows how to find out what happened.
  package var isRetryable: Bool {
    switch self {
    case .connectionFailed, .connectionLost, .poolExhausted: true
    case .server(let sqlState, _, _):
      isSerializationConflict || isReadOnly || isLockTimeout || isStalePlan || sqlState.hasPrefix("53")
        || sqlState.hasPrefix("57P")
    case .deadlineExceeded, .cancelled, .closed, .decoding, .invalidParameter, .resultTooLarge, .outcomeUnknown: false
    }
  }

  /// Whether a cached prepared statement no longer fits the schema (0A000 on a changed result type, 26000 when gone).
  ///
  /// The plan is checked before execution, so the statement had no effect.
  var isStalePlan: Bool {
    guard case .server(let sqlState, let message, _) = self else { return false }
    return sqlState == "26000" || (sqlState == "0A000" && message.contains("cached plan"))
  }
}

extension PostgresError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .connectionFailed(let message): "cannot connect to the database: \(message)"
    case .connectionLost(let message): "the database connection was lost: \(message)"
    case .server(let sqlState, let message, let constraint):
      "database error \(sqlState): \(message)\(constraint.map { " (constraint \($0))" } ?? "")"
    case .poolExhausted: "too many callers are waiting for a database connection"
    case .deadlineExceeded: "the database did not answer before the deadline"
    case .cancelled: "the database call was cancelled"
    case .closed: "the database client is closed"
    case .decoding(let column, let expected): "column \(column) does not hold \(expected)"
    case .invalidParameter(let reason): "a database parameter cannot be sent: \(reason)"
    case .resultTooLarge: "the database answer is larger than the configured bound"
    case .outcomeUnknown: "the database did not confirm the commit: its outcome is unknown"
    }
  }
}
