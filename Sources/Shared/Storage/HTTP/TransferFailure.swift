internal import HTTPTransport
private import SharedModel

/// What every engine over HTTP understands in the same way of a transfer that went wrong.
enum TransferFailure {
  /// Translates a transfer that broke.
  static func error(_ failure: HTTPTransportError) -> StorageError {
    switch failure {
    case .cancelled, .closed: .cancelled
    case .overloaded: .overloaded
    case .invalidRequest: .refused(status: 0, code: "InvalidRequest")
    case .unavailable: .unreachable(detail: "no transfer could be started")
    case .resolveFailed: .unreachable(detail: "the host name has no address")
    case .connectFailed: .unreachable(detail: "no connection")
    case .tlsFailed(let reason): .unreachable(detail: "TLS: \(reason)")
    case .timedOut(let phase): .timedOut(phase: "\(phase)")
    case .stalled: .timedOut(phase: "no progress")
    case .sendFailed: .unreachable(detail: "the connection broke while sending")
    case .receiveFailed: .unreachable(detail: "the connection broke while receiving")
    case .truncated: .unreachable(detail: "the answer ended early")
    case .tooLarge: .invalidResponse(detail: "the answer is too large")
    case .protocolError: .invalidResponse(detail: "not HTTP")
    case .responseArrivedEarly: .unreachable(detail: "answered before the body's end")
    }
  }

  /// What a status means of which the code says nothing more; `missing` where something is not there.
  static func error(status: Int, code: String, retryAfter: Duration?, missing: StorageError) -> StorageError {
    switch status {
    case 401, 403: .accessDenied(code: code)
    case 404: missing
    case 408: .timedOut(phase: "request")
    case 429: .slowDown(retryAfter: retryAfter)
    case 501: .unsupported(operation: "do what was asked (\(code))")
    case 507: .full
    case 500...: .unavailable(status: status, code: code, retryAfter: retryAfter)
    default: .refused(status: status, code: code)
    }
  }

  /// A code fit for logs: stores' are letters, digits and dots.
  static func sanitized(_ code: String) -> String {
    let isPlain = (1...64).contains(code.utf8.count) && code.utf8.allSatisfy { $0.isWord || $0 == 0x2e || $0 == 0x2d }
    return isPlain ? code : "unrecognised"
  }

  /// Retry-After in seconds; a date or nonsense counts as absent.
  static func retryAfter(_ headers: HTTPHeaderFields) -> Duration? {
    guard let text = headers["retry-after"], text.utf8.count <= 6, let seconds = Int64(text), seconds >= 0 else {
      return nil
    }
    return .seconds(seconds)
  }
}
