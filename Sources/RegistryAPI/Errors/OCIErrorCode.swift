import HTTPTypes

/// The error codes of the API, as they stand in the `code` member of an error body.
///
/// OCI distribution-spec, "Error Codes" (code-1 to code-14), and those of Docker's registry that clients know.
enum OCIErrorCode: String, Sendable, CaseIterable {
  case blobUnknown = "BLOB_UNKNOWN"
  case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
  case blobUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
  case digestInvalid = "DIGEST_INVALID"
  case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
  case manifestInvalid = "MANIFEST_INVALID"
  case manifestUnknown = "MANIFEST_UNKNOWN"
  case nameInvalid = "NAME_INVALID"
  case nameUnknown = "NAME_UNKNOWN"
  case sizeInvalid = "SIZE_INVALID"
  case unauthorized = "UNAUTHORIZED"
  case denied = "DENIED"
  case unsupported = "UNSUPPORTED"
  case tooManyRequests = "TOOMANYREQUESTS"
  // Docker's registry, registry/api/errcode.
  case rangeInvalid = "RANGE_INVALID"
  case paginationNumberInvalid = "PAGINATION_NUMBER_INVALID"
  case unavailable = "UNAVAILABLE"
  case unknown = "UNKNOWN"

  /// The status the code is answered with where the case has no reason to choose another.
  var status: HTTPResponse.Status {
    switch self {
    case .blobUnknown, .blobUploadUnknown, .manifestUnknown, .nameUnknown: .notFound
    case .blobUploadInvalid, .digestInvalid, .manifestBlobUnknown, .manifestInvalid, .nameInvalid, .sizeInvalid,
      .paginationNumberInvalid:
      .badRequest
    case .unauthorized: .unauthorized
    case .denied: .forbidden
    case .unsupported: .methodNotAllowed
    case .tooManyRequests: .tooManyRequests
    case .rangeInvalid: .rangeNotSatisfiable
    case .unavailable: .serviceUnavailable
    case .unknown: .internalServerError
    }
  }
}
