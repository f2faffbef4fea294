private import SharedModel

/// What an answer of the Blob service that is no success means in terms of the port.
enum AzureFailure {
  /// A refusal with which the service says that its clock and the request's date differ too much, or that they are far
  /// enough apart to be the reason: it takes 15 minutes either way.
  static let acceptedSkewMs: Int64 = 15 * 60 * 1_000

  /// Translates a status and the service's error code.
  ///
  /// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
  static func error(
    status: Int, code: String, retryAfter: Duration?, call: AzureCall, container: String
  ) -> StorageError {
    switch code {
    case "BlobNotFound", "ResourceNotFound": return missing(call, container: container)
    case "ContainerNotFound", "ContainerDisabled": return .bucketMissing(name: container)
    case "CannotVerifyCopySource":
      if let source = call.source, status == 404 { return .objectMissing(source) }
    case "ServerBusy", "TooManyRequests": return .slowDown(retryAfter: retryAfter)
    case "InternalError", "OperationTimedOut", "ContainerBeingDeleted", "BlobBeingRehydrated":
      return .unavailable(status: status, code: code, retryAfter: retryAfter)
    case "Md5Mismatch", "Crc64Mismatch": return .bodyAltered(code: code)
    case "RequestBodyTooLarge":
      return .tooLarge(limitBytes: AzureConnection.partLimits.maximumSinglePutBytes)
    default: break
    }
    return TransferFailure.error(
      status: status, code: code, retryAfter: retryAfter, missing: missing(call, container: container))
  }

  private static func missing(_ call: AzureCall, container: String) -> StorageError {
    if let source = call.source { return .objectMissing(source) }
    switch call.subject {
    case .container: return .bucketMissing(name: container)
    case .object(let key): return .objectMissing(key)
    case .upload(let upload): return .uploadMissing(upload)
    }
  }
}

extension StorageError {
  /// Whether the service refused to write because a committed blob is there already (`If-None-Match: *`).
  var isAlreadyThere: Bool {
    switch self {
    case .refused(409, "BlobAlreadyExists"), .refused(412, _): true
    default: false
    }
  }
}
