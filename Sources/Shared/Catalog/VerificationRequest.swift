package import SharedModel

/// A round of verification that an operator asked for.
package struct VerificationRequest: Sendable, Hashable {
  package let location: LocationID
  package let depth: VerificationDepth
  package let requestedBy: String
  /// In milliseconds since the epoch by the database's clock, as all times here.
  package let requestedAtMs: Int64
  /// When a whole round that began after the request was completed; nil until then.
  package let doneAtMs: Int64?

  /// Describes a request.
  package init(
    location: LocationID, depth: VerificationDepth, requestedBy: String, requestedAtMs: Int64, doneAtMs: Int64?
  ) {
    self.location = location
    self.depth = depth
    self.requestedBy = requestedBy
    self.requestedAtMs = requestedAtMs
    self.doneAtMs = doneAtMs
  }
}
