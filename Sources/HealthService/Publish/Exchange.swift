import Shared

/// A way by which health services tell each other what they see.
enum ExchangeWay: String, Sendable {
  case redis
  case database
}

/// What one beat of the exchange brought, by one way.
struct Exchange: Sendable {
  var observations: [RegionObservation] = []
  /// The drains, and how long ago the list was read from the database; nil where the way did not tell them.
  var drains: (list: DrainList, ageMs: Int64)?
  var reachedRedis = false
  var reachedDatabase = false
}
