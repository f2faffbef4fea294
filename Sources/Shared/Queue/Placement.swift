package import SharedModel

/// A copy of a blob at a location, as the database knows it (I2).
package struct Placement: Sendable, Hashable {
  /// Whether the copy may be served.
  package enum State: String, Sendable, Hashable, CaseIterable {
    /// Its bytes were verified when they were written.
    case verified
    /// It was found missing or wrong since; a job to heal it is open.
    case quarantined
  }

  package let location: LocationID
  package let key: ObjectKey
  package let state: State

  /// Describes a copy.
  package init(location: LocationID, key: ObjectKey, state: State = .verified) {
    self.location = location
    self.key = key
    self.state = state
  }
}
