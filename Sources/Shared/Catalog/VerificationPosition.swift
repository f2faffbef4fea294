package import SharedQueue

/// A place in a walk from the copies verified longest ago to the latest.
package struct VerificationPosition: Sendable, Hashable {
  /// When the last copy looked at had been verified before.
  package let verifiedAtMs: Int64
  package let blob: BlobID

  /// Names the last copy looked at.
  package init(verifiedAtMs: Int64, blob: BlobID) {
    self.verifiedAtMs = verifiedAtMs
    self.blob = blob
  }

  /// Before the first.
  package static let start = VerificationPosition(verifiedAtMs: -1, blob: BlobID(rawValue: 0))
}
