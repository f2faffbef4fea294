/// Why a request, an upload or a response body ended without success.
///
/// The set is closed. No case carries a URL, a header value or body bytes, so every value may be logged.
package enum HTTPTransportError: Error, Sendable, Equatable {
  /// The request was refused before anything was sent.
  case invalidRequest(HTTPInvalidRequest)
  /// The queue for connection slots is full; nothing was sent.
  case overloaded
  /// The task was cancelled, or the caller gave the transfer up.
  case cancelled
  /// The transport is closed.
  case closed
  /// libcurl or the operating system would not give a handle or a thread.
  case unavailable
  /// The host name has no address.
  case resolveFailed
  /// No TCP connection (refused, unreachable, or the proxy said no).
  case connectFailed
  /// No TLS session.
  case tlsFailed(HTTPTLSFailure)
  /// A deadline passed in the given phase.
  case timedOut(HTTPTransferPhase)
  /// The transfer stayed under the low-speed limit for too long.
  case stalled
  /// The connection broke while the request was written.
  case sendFailed
  /// The connection broke while the response was read, or it ended without one.
  case receiveFailed
  /// The body ended before its declared length or its last chunk.
  case truncated
  /// The response head or the collected body is over this many bytes (or lines).
  case tooLarge(limit: Int)
  /// The peer broke the HTTP protocol.
  case protocolError
  /// `HTTPUpload.write` only: the server has answered with status 300 or above before the body's end;
  /// `HTTPUpload.finish()` returns that response.
  case responseArrivedEarly
}

/// Where a transfer was when a deadline passed.
package enum HTTPTransferPhase: Sendable, Equatable {
  /// Waiting for a connection slot.
  case queue
  case resolve
  case connect
  case tls
  /// Sending the request or waiting for the response head.
  case response
  case body
}

/// Why no TLS session came about.
package enum HTTPTLSFailure: Sendable, Equatable {
  /// The chain does not end at a trusted authority.
  case untrustedIssuer
  /// The certificate is expired or not valid yet.
  case expired
  /// The certificate is for another host.
  case hostMismatch
  /// The configured authority file cannot be read.
  case caBundleUnreadable
  /// Anything else in the handshake.
  case handshake
}

/// Which rule a refused request broke.
package enum HTTPInvalidRequest: Sendable, Equatable {
  /// Not an absolute URL of visible ASCII, or with user information or a fragment.
  case url
  /// The scheme is not among the allowed ones.
  case scheme
  /// The method is not a token (RFC 9110 section 5.6.2).
  case method
  /// The name is not a token.
  case headerName
  /// The value holds CR, LF, NUL or another control character.
  case headerValue
  /// The header belongs to the transport (framing, `Expect`), or contradicts the body's length.
  case headerReserved
  /// The pushed body is longer or shorter than the declared length.
  case bodyLength
  /// A body was read, or an upload written, by two tasks at a time, or after its end.
  case concurrentUse
}

extension HTTPTransportError {
  /// Whether the same request may succeed when sent again later.
  ///
  /// It says nothing about safety: whether the server has already acted on the first try is `requestMayHaveBeenSent`'s
  /// matter together with the method's idempotence.
  package var isRetryable: Bool {
    switch self {
    case .overloaded, .unavailable, .resolveFailed, .connectFailed, .timedOut, .stalled, .sendFailed, .receiveFailed,
      .truncated, .protocolError:
      true
    case .tlsFailed(let failure): failure == .handshake
    case .invalidRequest, .cancelled, .closed, .tooLarge, .responseArrivedEarly: false
    }
  }

  /// Whether the server may have seen any part of the request; `false` is certain, `true` is not.
  package var requestMayHaveBeenSent: Bool {
    switch self {
    case .invalidRequest(let rule): rule == .bodyLength || rule == .concurrentUse
    case .overloaded, .unavailable, .resolveFailed, .connectFailed, .tlsFailed: false
    case .timedOut(let phase): phase == .response || phase == .body
    case .cancelled, .closed, .stalled, .sendFailed, .receiveFailed, .truncated, .tooLarge, .protocolError,
      .responseArrivedEarly:
      true
    }
  }
}
