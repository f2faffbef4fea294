/// The answer to a health check.
package struct PostgresHealth: Sendable, Equatable {
  /// The time from the call to the answer.
  package let roundTrip: Duration
  /// Whether the server refuses writes.
  package let isReadOnly: Bool
}
