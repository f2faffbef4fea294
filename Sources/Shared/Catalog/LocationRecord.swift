package import SharedModel

/// A location as the catalog has it on record.
package struct LocationRecord: Sendable, Hashable {
  package let id: LocationID
  /// The engine's name in the configuration that registered it last.
  package let engineName: String
  package let state: LocationState
  package let createdAtMs: Int64
}

/// What became of a request to change a location's state.
package enum LocationStateChange: Sendable, Hashable {
  /// It was in the state named, and is in the one asked for now; both may be the same.
  case changed(from: LocationState)
  /// It stays as it is: from this state there is no way to the one asked for.
  case refused(LocationState)
  /// The location was never registered.
  case unknown
}
