package import SharedModel

/// Why a store did not do what it was asked to.
///
/// No case carries a URL, a signature or a credential.
package enum StorageError: Error, Sendable, Equatable {
  /// There is no object at the key.
  case objectMissing(ObjectKey)
  /// The bucket or folder does not exist.
  case bucketMissing(name: String)
  /// The credentials are wrong, expired or not allowed to do this.
  case accessDenied(code: String)
  /// The store's clock and ours differ too much for a signature.
  case clockSkewed
  /// The bucket is in another region than requests are signed for; `isHere` where the same address serves that region too.
  case wrongRegion(name: String, isHere: Bool)
  /// The configuration or the environment has to be mended; `reason` is a sentence without secrets.
  case misconfigured(reason: String)
  /// The multipart upload is not known (any more).
  case uploadMissing(MultipartUpload)
  /// The store asks for fewer requests.
  case slowDown(retryAfter: Duration?)
  /// The store answered with a server error.
  case unavailable(status: Int, code: String, retryAfter: Duration?)
  /// No connection could be made, or it broke; `detail` names the phase.
  case unreachable(detail: String)
  /// A deadline passed; `phase` says in what.
  case timedOut(phase: String)
  /// The body ended before the promised bytes.
  case truncated(expectedBytes: Int64, receivedBytes: Int64)
  /// The store holds or confirmed another size than was sent.
  case sizeMismatch(expectedBytes: Int64, actualBytes: Int64)
  /// Other bytes arrived at the store than their hash promised: they were changed on the way, and it kept none.
  case bodyAltered(code: String)
  /// The store has no space left.
  case full
  /// The request exceeds what the store or the caller's limit allows.
  case tooLarge(limitBytes: Int64)
  /// The engine cannot do this at all.
  case unsupported(operation: String)
  /// The store refused the request for another reason.
  case refused(status: Int, code: String)
  /// The answer could not be understood.
  case invalidResponse(detail: String)
  /// The engine's own pool or queue is full.
  case overloaded
  /// The calling task was cancelled or the store was closed.
  case cancelled

  /// Whether the same call may succeed when made again later.
  package var isRetryable: Bool {
    switch self {
    case .slowDown, .unavailable, .unreachable, .timedOut, .truncated, .sizeMismatch, .bodyAltered, .full,
      .invalidResponse, .overloaded, .clockSkewed:
      true
    case .objectMissing, .bucketMissing, .accessDenied, .wrongRegion, .misconfigured, .uploadMissing, .tooLarge,
      .unsupported, .refused, .cancelled:
      false
    }
  }

  /// Whether the failure speaks of the whole store rather than of one object, so that a breaker should count it.
  package var isStoreFailure: Bool {
    switch self {
    case .slowDown, .unavailable, .unreachable, .timedOut, .accessDenied, .bucketMissing, .clockSkewed, .wrongRegion,
      .misconfigured, .full, .invalidResponse:
      true
    case .objectMissing, .uploadMissing, .truncated, .sizeMismatch, .bodyAltered, .tooLarge, .unsupported, .refused,
      .overloaded, .cancelled:
      false
    }
  }

  /// How long the store asked to be left alone.
  package var retryAfter: Duration? {
    switch self {
    case .slowDown(let retryAfter), .unavailable(_, _, let retryAfter): retryAfter
    default: nil
    }
  }
}

extension StorageError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .objectMissing(let key): "there is no object at \(key)"
    case .bucketMissing(let name): "the bucket or folder '\(name)' does not exist"
    case .accessDenied(let code): "the store denied access (\(code))"
    case .clockSkewed: "the store's clock differs from ours by more than it accepts"
    case .wrongRegion(let name, isHere: true): "the bucket is in the region \(name): requests must be signed for that"
    case .wrongRegion(let name, isHere: false):
      "the bucket is in the region \(name), which another address serves: correct s3_region or the endpoint"
    case .misconfigured(let reason): reason
    case .uploadMissing(let upload): "the store does not know the multipart upload of \(upload.key)"
    case .slowDown: "the store asks for fewer requests"
    case .unavailable(let status, let code, _): "the store answered \(status) (\(code))"
    case .unreachable(let detail): "the store cannot be reached: \(detail)"
    case .timedOut(let phase): "the store did not answer in time (\(phase))"
    case .truncated(let expected, let received): "the body ended after \(received) of \(expected) bytes"
    case .sizeMismatch(let expected, let actual): "the store holds \(actual) bytes where \(expected) were sent"
    case .bodyAltered(let code): "the store received other bytes than were sent (\(code))"
    case .full: "the store has no space left"
    case .tooLarge(let limit): "larger than \(limit) bytes"
    case .unsupported(let operation): "the engine cannot \(operation)"
    case .refused(let status, let code): "the store refused the request with \(status) (\(code))"
    case .invalidResponse(let detail): "the store's answer could not be understood: \(detail)"
    case .overloaded: "too many requests to the store are waiting"
    case .cancelled: "cancelled"
    }
  }
}
