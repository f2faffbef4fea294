/// How a transaction runs.
package struct PostgresTransactionOptions: Sendable {
  /// SQL's isolation levels, as PostgreSQL implements them.
  package enum Isolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
  }

  package var isolation: Isolation
  package var isReadOnly: Bool
  /// How often the body may be run again, at most 3: after a serialization failure or deadlock, after a session lost
  /// before COMMIT was sent, and after a read-only refusal (failover). The body must then have no effects of its own.
  package var retries: Int
  /// Bound on each run of the body's statements together; nil leaves each its own.
  package var deadline: Duration?

  package init(
    isolation: Isolation = .readCommitted, isReadOnly: Bool = false, retries: Int = 0, deadline: Duration? = nil
  ) {
    self.isolation = isolation
    self.isReadOnly = isReadOnly
    self.retries = min(3, max(0, retries))
    self.deadline = deadline
  }
}
