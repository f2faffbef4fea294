/// By which ways this health service reaches the others.
package struct BoardReach: Sendable, Codable, Hashable {
  /// Whether snapshots were lately exchanged through Redis.
  package let redis: Bool
  /// Whether snapshots were lately exchanged through the database.
  package let database: Bool

  /// Describes what is reached.
  package init(redis: Bool, database: Bool) {
    self.redis = redis
    self.database = database
  }

  /// Whether anything of the others can be known.
  package var isReachable: Bool { redis || database }
}
