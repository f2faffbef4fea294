import Shared

/// The figures a copy goes by; the defaults are what the worker runs with.
struct CopyPolicy: Sendable {
  /// When every part carries its own SHA-256, so that the store refuses a body changed on the way.
  enum BodyHashing: Sendable, Hashable {
    case always
    /// Where the target does not protect bodies itself: over plain http (decision 0006). The default.
    case whereUnprotected
    case never
  }

  /// Blobs up to this size are read with one GET, checked, then stored with one PUT; larger ones go in parts.
  var wholeBlobBytes: Int64 = 16 << 20
  /// The usual size of a part; larger only where the store's number of parts asks for it.
  var partBytes: Int64 = 8 << 20
  /// The most parts of one blob that are past its last checkpoint; what a killed worker's successor reads again at most.
  ///
  /// Less where the target's memory holds fewer parts.
  var windowParts = 16
  var bodyHashing = BodyHashing.whereUnprotected
  /// Blobs up to this size may be copied by the store itself where it can; S3's CopyObject ends here.
  var storeSideUpToBytes: Int64 = 5 << 30
  /// How often all sources are tried for one part before the attempt ends; the job is then tried again from its
  /// checkpoint.
  var sourceRounds = 3
  /// The upper bound of the jittered pause before the second round; the one before the third is twice as long.
  var roundPause: Duration = .seconds(2)

  /// Whether parts sent to `store` carry their own hash.
  func hashesBodies(to store: any BlobStore) -> Bool {
    switch bodyHashing {
    case .always: true
    case .whereUnprotected: !store.protectsBodies
    case .never: false
    }
  }

  /// How many parts of `partBytes` one copy may hold within `memoryBytes`, at least 1 and at most `windowParts`.
  func window(partBytes: Int64, memoryBytes: Int64) -> Int {
    Int(clamping: min(Int64(max(windowParts, 1)), max(memoryBytes / max(partBytes, 1), 1)))
  }
}
