/// What an S3 answer that is no success means in terms of the port.
enum S3Failure {
  /// Translates a status and S3's error code.
  ///
  /// Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
  static func error(
    status: Int, code: String, retryAfter: Duration?, call: S3Call, bucket: String
  ) -> StorageError {
    switch code {
    // radosgw 16 also says NoSuchKey of an upload it does not know.
    case "NoSuchKey": return missing(call, bucket: bucket)
    case "NoSuchBucket": return .bucketMissing(name: bucket)
    case "NoSuchUpload":
      if let upload = call.upload { return .uploadMissing(upload) }
    case "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests":
      return .slowDown(retryAfter: retryAfter)
    case "RequestTimeTooSkewed": return .clockSkewed
    case "QuotaExceeded", "InsufficientStorage", "XMinioStorageFull": return .full
    case "EntityTooLarge": return .tooLarge(limitBytes: 5 << 30)
    case "XAmzContentSHA256Mismatch", "BadDigest": return .bodyAltered(code: code)
    case "RequestTimeout": return .timedOut(phase: "request body")
    case "IncompleteBody", "OperationAborted", "InternalError":
      return .unavailable(status: status, code: code, retryAfter: retryAfter)
    case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
      "TokenRefreshRequired", "AllAccessDisabled", "InvalidSecurity", "AccountProblem", "NotSignedUp",
      "AuthorizationHeaderMalformed":
      return .accessDenied(code: code)
    default: break
    }
    return TransferFailure.error(
      status: status, code: code, retryAfter: retryAfter, missing: missing(call, bucket: bucket))
  }

  private static func missing(_ call: S3Call, bucket: String) -> StorageError {
    if let source = call.source { return .objectMissing(source) }
    if let upload = call.upload { return .uploadMissing(upload) }
    return call.key.map { .objectMissing($0) } ?? .bucketMissing(name: bucket)
  }
}
