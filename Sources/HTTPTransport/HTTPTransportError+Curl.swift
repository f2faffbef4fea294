import CLibCurl

extension HTTPTransportError {
  /// The meaning of a failed libcurl result.
  ///
  /// - Parameters:
  ///   - code: Anything but CURLE_OK.
  ///   - easy: The handle, for the phase reached.
  ///   - isSecure: Whether the URL asked for TLS.
  ///   - hasHead: Whether a final response head was complete.
  init(_ code: CURLcode, easy: UnsafeMutableRawPointer, isSecure: Bool, hasHead: Bool) {
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .resolveFailed
    case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED: self = .connectFailed
    case CURLE_OPERATION_TIMEDOUT:
      self = .timedOut(Self.phase(of: easy, isSecure: isSecure, hasHead: hasHead))
    case CURLE_PEER_FAILED_VERIFICATION: self = .tlsFailed(Self.verification(easy))
    case CURLE_SSL_CACERT_BADFILE: self = .tlsFailed(.caBundleUnreadable)
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED:
      self = .tlsFailed(.handshake)
    case CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_READ_ERROR, CURLE_ABORTED_BY_CALLBACK: self = .sendFailed
    case CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_WRITE_ERROR: self = .receiveFailed
    case CURLE_PARTIAL_FILE: self = .truncated
    case CURLE_URL_MALFORMAT: self = .invalidRequest(.url)
    case CURLE_UNSUPPORTED_PROTOCOL:
      // libcurl says this of an HTTP/0.9 answer too.
      self = easy.long(CURLINFO_REQUEST_SIZE) > 0 ? .protocolError : .invalidRequest(.scheme)
    case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT, CURLE_NO_CONNECTION_AVAILABLE: self = .unavailable
    default: self = .protocolError
    }
  }

  /// How far a transfer got.
  private static func phase(of easy: UnsafeMutableRawPointer, isSecure: Bool, hasHead: Bool) -> HTTPTransferPhase {
    if hasHead { return .body }
    if easy.long(CURLINFO_REQUEST_SIZE) > 0 { return .response }
    if easy.offset(CURLINFO_CONNECT_TIME_T) > 0 { return isSecure ? .tls : .response }
    return easy.offset(CURLINFO_NAMELOOKUP_TIME_T) > 0 ? .connect : .resolve
  }

  /// Which check of the certificate failed; the numbers are OpenSSL's X509_V_ERR codes.
  private static func verification(_ easy: UnsafeMutableRawPointer) -> HTTPTLSFailure {
    switch easy.long(CURLINFO_SSL_VERIFYRESULT) {
    // The host name is checked by libcurl after the handshake; it leaves its start value 1 then.
    case 0, 1, 62, 64: .hostMismatch
    case 9, 10: .expired
    case 2, 18, 19, 20, 21, 27: .untrustedIssuer
    default: .handshake
    }
  }
}
