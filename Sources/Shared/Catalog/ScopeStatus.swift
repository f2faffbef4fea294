package import SharedModel

/// Where the blobs of a scope are, and what is still to be done.
package struct ScopeStatus: Sendable, Hashable {
  /// The blobs, each counted once.
  package let objects: Int64
  package let bytes: Int64
  /// Blobs with exactly one verified copy: what the loss of one location would lose (the RPO number, G12).
  package let atRisk: Int64
  /// Blobs without any verified copy.
  package let withoutCopy: Int64
  /// Whether every blob of the scope was looked at; else all figures are lower bounds.
  package let isComplete: Bool
  /// The locations, ordered by id; removed ones only while something of the scope is there.
  package let locations: [LocationShare]

  /// Describes a status.
  package init(
    objects: Int64, bytes: Int64, atRisk: Int64, withoutCopy: Int64, isComplete: Bool, locations: [LocationShare]
  ) {
    self.objects = objects
    self.bytes = bytes
    self.atRisk = atRisk
    self.withoutCopy = withoutCopy
    self.isComplete = isComplete
    self.locations = locations
  }
}

/// One location's share of a scope.
package struct LocationShare: Sendable, Hashable {
  /// Objects and their bytes.
  package struct Amount: Sendable, Hashable {
    package let objects: Int64
    package let bytes: Int64

    /// So many objects of so many bytes together.
    package init(objects: Int64, bytes: Int64) {
      self.objects = objects
      self.bytes = bytes
    }
  }

  package let location: LocationID
  package let state: LocationState
  /// What the namespace says of the location beyond the default: required, left out, or nothing (G9).
  package let namespaceRule: Bool?
  /// Copies that may be served.
  package let verified: Amount
  /// Copies found missing or wrong, whose healing is open.
  package let quarantined: Int64
  /// Copies that are asked for and not done: queued or being copied.
  package let pending: Amount
  /// How long the oldest of them has been asked for; nil where none is.
  package let oldestPendingSeconds: Int64?
  /// Of the pending ones, those that failed at least once.
  package let failing: Int64
  package let parked: Int64
  package let sourceLost: Int64

  /// Describes a share.
  package init(
    location: LocationID, state: LocationState, namespaceRule: Bool?, verified: Amount, quarantined: Int64,
    pending: Amount, oldestPendingSeconds: Int64?, failing: Int64, parked: Int64, sourceLost: Int64
  ) {
    self.location = location
    self.state = state
    self.namespaceRule = namespaceRule
    self.verified = verified
    self.quarantined = quarantined
    self.pending = pending
    self.oldestPendingSeconds = oldestPendingSeconds
    self.failing = failing
    self.parked = parked
    self.sourceLost = sourceLost
  }
}
