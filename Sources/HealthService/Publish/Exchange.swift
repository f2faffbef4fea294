import Shared

/// What one beat of the exchange between health services brought.
struct Exchange: Sendable {
  /// What was read, from one way or both.
  var observations: [RegionObservation] = []
  /// The drains; nil where neither way told them.
  var drains: DrainList?
  var reachedRedis = false
  var reachedDatabase = false
}
