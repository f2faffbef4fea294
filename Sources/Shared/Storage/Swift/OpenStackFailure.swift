private import SharedModel

/// What an answer of Swift that is no success means in terms of the port.
enum OpenStackFailure {
  /// Translates a status; Swift's bodies are for people, so there is no code but the status.
  ///
  /// https://docs.openstack.org/api-ref/object-store/ lists the statuses of each operation.
  static func error(_ status: Int, retryAfter: Duration?, call: OpenStackCall, container: String) -> StorageError {
    switch status {
    case 401, 403: return .accessDenied(code: "HTTP\(status)")
    case 404:
      // A write finds no container; anything else no object.
      return call.method == "PUT" ? .bucketMissing(name: container) : missing(call, container: container)
    case 408: return .timedOut(phase: "request")
    // A manifest with a segment that is gone or is another one: nothing of the whole can be read.
    case 409 where call.method == "GET": return missing(call, container: container)
    // The client's quota or the cluster's, since sizes are checked before anything is sent.
    case 413, 507: return .full
    case 416: return .refused(status: 416, code: "InvalidRange")
    case 422: return .bodyAltered(code: "EtagMismatch")
    // Swift's own statuses for "too many"; swiftclient treats both alike.
    case 429, 498: return .slowDown(retryAfter: retryAfter)
    // The proxy saw the connection end before the body did.
    case 499: return .unreachable(detail: "the connection broke while sending")
    case 501: return .unsupported(operation: "do what was asked (HTTP501)")
    case 500...: return .unavailable(status: status, code: "HTTP\(status)", retryAfter: retryAfter)
    default: return .refused(status: status, code: "HTTP\(status)")
    }
  }

  private static func missing(_ call: OpenStackCall, container: String) -> StorageError {
    switch call.subject {
    case .container: .bucketMissing(name: container)
    case .object(let key): .objectMissing(key)
    case .upload(let upload): .uploadMissing(upload)
    }
  }
}
