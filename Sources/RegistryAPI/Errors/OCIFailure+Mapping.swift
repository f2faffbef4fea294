import HTTPTypes
import Shared

/// The one place where errors of other areas become answers; every throwing path of a request ends here.
extension OCIFailure {
  /// The answer to any error.
  init(mapping error: any Error) {
    switch error {
    case let failure as OCIFailure: self = failure
    case let error as ModelError: self.init(mapping: error)
    case let error as CatalogError: self.init(mapping: error)
    case let error as StorageError: self.init(mapping: error)
    case let error as BodyFailure: self.init(mapping: error)
    case let error as VerificationFailure: self.init(mapping: error)
    case is CancellationError: self = Self.shuttingDown
    default:
      self.init(.unknown, "internal error")
      cause = String(describing: error)
    }
  }

  /// Input that is not a value of the model: 400, with a beginning of what was refused.
  init(mapping error: ModelError) {
    switch error {
    case .invalidDigest(let text): self.init(.digestInvalid, error.description, detail: text.description)
    case .invalidRepositoryName(let text): self.init(.nameInvalid, "invalid repository name", detail: text.description)
    case .invalidTag(let text): self.init(.manifestInvalid, "invalid tag", detail: text.description)
    case .invalidJSON, .invalidManifest, .invalidMediaType: self.init(.manifestInvalid, error.description)
    case .manifestTooLarge: self.init(.manifestInvalid, status: .contentTooLarge, error.description)
    case .invalidRange: self.init(.rangeInvalid, error.description)
    case .invalidLocation, .invalidRegion, .invalidObjectKey, .invalidHashState:
      // None of these can come from a client: something stored is damaged.
      self.init(.unknown, "internal error")
      cause = error.description
    }
  }

  /// The catalog's failures: 503 where trying again may help, and 5xx for an unknown outcome (invariant I8).
  init(mapping error: CatalogError) {
    switch error {
    case .unavailable, .limitExceeded, .contended, .closed, .outcomeUnknown:
      self = .unavailable("the catalog is unavailable", retryAfter: error.retryAfter, cause: error.description)
    case .readOnly:
      self = .unavailable(
        "the registry takes no pushes at the moment", retryAfter: .seconds(5), cause: error.description)
    case .conflict(.uploadLockLost):
      self.init(.blobUploadUnknown, "the upload was continued or ended by another request")
      cause = error.description
    case .conflict(.locationClosed):
      // The next try goes to another location.
      self = .unavailable(
        "the storage is being taken out of service", retryAfter: .seconds(5), cause: error.description)
    case .conflict(.repositoryUnknown): self.init(.nameUnknown, "the repository was deleted meanwhile")
    case .conflict, .invalidRow, .refused, .schemaTooNew, .schemaTooOld, .migrationDiffers:
      self.init(.unknown, "internal error")
      cause = error.description
    case .invalidParameter:
      self.init(.unsupported, status: .badRequest, "a value of the request cannot be stored")
      cause = error.description
    case .cancelled: self = Self.shuttingDown
    }
  }

  /// A store's failures while writing, or before the first byte of a read.
  init(mapping error: StorageError) {
    switch error {
    case .tooLarge(let limit):
      self.init(.sizeInvalid, status: .contentTooLarge, "larger than the \(limit) bytes the store takes")
    case .cancelled: self = Self.shuttingDown
    default:
      self = .unavailable("the storage is unavailable", retryAfter: error.retryAfter, cause: error.description)
    }
  }

  /// A body that could not be read; most of these answers reach nobody.
  init(mapping error: BodyFailure) {
    switch error {
    case .disconnected: self.init(.sizeInvalid, "the body ended early")
    case .tooSlow: self.init(.unsupported, status: .requestTimeout, "the body came too slowly")
    case .tooLarge(let limit):
      self.init(.sizeInvalid, status: .contentTooLarge, "the body is larger than \(limit) bytes")
    }
  }

  /// Stored bytes that are not what the client said they are.
  init(mapping error: VerificationFailure) {
    switch error {
    case .digest(let expected, let actual): self = .digestMismatch(expected: expected, actual: actual)
    case .size, .source:
      self = .unavailable("the storage is unavailable", retryAfter: nil, cause: error.description)
    }
  }

  /// The bytes hash to something else than the client said (wire check 60).
  static func digestMismatch(expected: Digest, actual: Digest) -> OCIFailure {
    OCIFailure(.digestInvalid, "the content is \(actual), not the digest given", detail: expected.description)
  }

  private static var shuttingDown: OCIFailure {
    .unavailable("the server is shutting down", retryAfter: nil, cause: "cancelled")
  }
}
