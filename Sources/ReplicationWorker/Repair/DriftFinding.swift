import Shared

/// One thing that is not as it should be.
struct DriftFinding: Sendable, Hashable {
  enum Kind: String, Sendable {
    case missing, orphan
    case wrongSize = "wrong_size"
    case staleUpload = "stale_upload"
  }

  let kind: Kind
  let key: ObjectKey
  /// The blob's digest, or the name of the upload; nil for an orphan.
  let detail: String?
}
