/// A response whose head has arrived and whose body is still to be read.
///
/// Dropping it aborts the transfer: read `body`, or call `body.discard()` to keep the connection.
package struct HTTPTransportResponse: Sendable {
  /// Final status, 200 to 999; interim responses are never seen.
  package let status: Int
  package let headers: HTTPHeaderFields
  /// The `Content-Length` field; for a HEAD request it speaks of a body that is not sent.
  package let contentLength: Int64?
  package let timings: HTTPTransferTimings
  /// When the peer's certificate ends, as `Nov 21 23:37:53 2026 GMT`; only of a new connection, and where
  /// `HTTPTransportConfiguration.readsCertificates` asks for it.
  package let certificateExpiry: String?
  package let body: HTTPResponseBody
}

/// When the phases of a transfer ended, counted from its start on a connection slot.
package struct HTTPTransferTimings: Sendable, Equatable {
  package let nameLookup: Duration
  /// TCP established; close to zero on a reused connection.
  package let connect: Duration
  /// TLS established; zero without TLS.
  package let tls: Duration
  /// First byte of the response.
  package let firstByte: Duration
  /// Connections this transfer opened; zero when one was reused.
  package let newConnections: Int
}

/// What the driving thread knows of a response when its head is complete.
struct TransferHead: Sendable {
  let status: Int
  let headers: HTTPHeaderFields
  let contentLength: Int64?
  let timings: HTTPTransferTimings
  let certificateExpiry: String?

  /// Builds the head from parsed lines.
  init(
    status: Int, headers: HTTPHeaderFields, timings: HTTPTransferTimings, certificateExpiry: String? = nil
  ) {
    self.certificateExpiry = certificateExpiry
    self.status = status
    self.headers = headers
    self.timings = timings
    // Digits only: a sign or a list is not a length (RFC 9110 section 8.6).
    let text = headers["content-length"]
    let isNumber = text?.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false
    contentLength = isNumber ? text.flatMap { Int64($0) } : nil
  }
}
