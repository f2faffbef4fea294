import Shared

/// How far replication has come at one location, as it is shown in metrics.
struct LocationFigures: Sendable, Hashable {
  /// What waits in one lane.
  struct Pending: Sendable, Hashable {
    var objects: Int64 = 0
    var bytes: Int64 = 0
    /// The age of the oldest; 0 where nothing waits.
    var oldestSeconds: Int64 = 0
  }

  let location: LocationID
  var pending: [Lane: Pending] = [:]
  /// Verified copies.
  var copies: Int64 = 0
  var copiedBytes: Int64 = 0
  /// Blobs whose only verified copy is here: what the loss of this location would cost.
  var atRisk: Int64 = 0
  var atRiskBytes: Int64 = 0
  /// Copies put aside because their bytes were found wrong.
  var quarantined: Int64 = 0
  /// Pending jobs that have failed at least once.
  var failing: Int64 = 0
  var parked: Int64 = 0
  var sourceLost: Int64 = 0
  /// How long ago the copy that was verified longest ago was; nil where there is none.
  var oldestVerifiedSeconds: Int64?
}

/// The figures of all locations at one moment.
struct ReplicationFigures: Sendable, Hashable {
  var locations: [LocationFigures]

  /// Blobs with a single verified copy, wherever it is.
  var atRisk: Int64 { locations.reduce(0) { $0 + $1.atRisk } }
}
