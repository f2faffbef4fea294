import Shared

extension StorageError {
  /// Whether the same bytes may well be taken by another store.
  var isReasonToGoElsewhere: Bool {
    if case .fails = StoreKnowledge.Outcome(self) { true } else { false }
  }
}

extension StoreKnowledge.Outcome {
  /// What a call that ended so says about the store; nil is success.
  ///
  /// An answer about one object shows that the store works. A body that breaks off, or that arrives changed, speaks of the
  /// way to the store.
  init(_ error: StorageError?) {
    guard let error else {
      self = .works
      return
    }
    switch error {
    case .truncated, .bodyAltered: self = .fails(retryAfter: nil)
    case .objectMissing, .uploadMissing, .refused, .tooLarge, .unsupported, .sizeMismatch: self = .works
    case .cancelled, .overloaded: self = .nothing
    case .slowDown, .unavailable, .unreachable, .timedOut, .accessDenied, .bucketMissing, .clockSkewed,
      .wrongRegion, .misconfigured, .full, .invalidResponse:
      self = .fails(retryAfter: error.retryAfter)
    }
  }
}
