/// The connections to one server of the database, or to its primary wherever that is, at one moment.
package struct DatabasePool: Sendable, Hashable {
  /// Which database the connections are to.
  package enum Server: String, Sendable, CaseIterable {
    case primary
    case replica
  }

  package var server: Server
  /// Connections lent to a caller.
  package var inUse: Int
  /// Connections ready for use.
  package var idle: Int
  /// Connections being opened.
  package var opening: Int
  /// Callers waiting for a connection.
  package var waiting: Int
  /// Reads waiting or in flight on the pipelined connections.
  package var readsOutstanding: Int
  /// Connections opened, attempts to open one that failed, and connections dropped as unfit, since the start.
  package var opened: Int
  package var failed: Int
  package var discarded: Int
  /// How often the primary was found at another server than before.
  package var primaryMoves: Int
}
