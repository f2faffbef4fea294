/// A snapshot of the client's connections.
package struct PostgresStatistics: Sendable, Equatable {
  /// Pooled sessions lent to a caller.
  package var inUse = 0
  /// Pooled sessions ready for use.
  package var idle = 0
  /// Pooled sessions being opened.
  package var opening = 0
  /// Callers waiting for a pooled session.
  package var waiting = 0
  /// Pooled sessions opened since the start.
  package var opened = 0
  /// Failed attempts to open a pooled session since the start.
  package var failed = 0
  /// Pooled sessions dropped because they broke, were unfit for reuse, or were dedicated.
  package var discarded = 0
  /// Reads waiting or in flight on pipelined sessions.
  package var readsOutstanding = 0
  /// How often the primary was found at another server of the URI than before.
  package var primaryMoves = 0
  /// Notices the server has sent since the start.
  package var notices = 0
}
