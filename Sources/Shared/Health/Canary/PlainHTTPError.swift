import HTTPTransport

/// Why a request had no answer; no case carries a URL.
package enum PlainHTTPError: Error, Sendable, Equatable {
  case unreachable(detail: String)
  /// The peer's certificate has ended, or has not begun.
  case certificateExpired
  case timedOut
  case tooLarge
  case cancelled

  init(_ error: HTTPTransportError) {
    switch error {
    case .cancelled, .closed: self = .cancelled
    case .timedOut, .stalled: self = .timedOut
    case .tooLarge: self = .tooLarge
    case .tlsFailed(.expired): self = .certificateExpired
    case .tlsFailed(let failure): self = .unreachable(detail: "no TLS session (\(failure))")
    case .resolveFailed: self = .unreachable(detail: "its name has no address")
    case .connectFailed: self = .unreachable(detail: "no connection")
    case .sendFailed, .receiveFailed, .truncated: self = .unreachable(detail: "the connection broke")
    case .protocolError: self = .unreachable(detail: "its answer is no HTTP")
    case .overloaded, .unavailable, .invalidRequest, .responseArrivedEarly:
      self = .unreachable(detail: "the request could not be made")
    }
  }
}

extension PlainHTTPError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreachable(let detail): detail
    case .certificateExpired: "its certificate has expired"
    case .timedOut: "no answer in time"
    case .tooLarge: "the answer is too large"
    case .cancelled: "cancelled"
    }
  }
}
