import Shared

/// Why one transfer ended without a copy, told apart by whose doing it was.
enum CopyStop: Error, Sendable {
  /// No source could be read now; nil where none is left or each one's breaker is open.
  case sources(StorageError?)
  /// The target refused or failed.
  case target(StorageError)
  /// All bytes came and they are not the blob's.
  case mismatch(VerificationFailure)
  /// The checkpoint cannot be gone on from.
  case checkpointUseless(String)
  /// Somebody else holds the job.
  case leaseLost
  case records(CatalogError)
  case cancelled

  /// A store's error at the target.
  static func atTarget(_ error: StorageError) -> CopyStop { error == .cancelled ? .cancelled : .target(error) }
}
