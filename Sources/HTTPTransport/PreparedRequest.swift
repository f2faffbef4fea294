/// A request that passed every check, in the form libcurl takes it.
struct PreparedRequest: Sendable {
  let method: String
  let url: String
  let origin: HTTPOrigin
  /// Lines for CURLOPT_HTTPHEADER.
  let headerLines: [String]
  /// Length of the request body; `nil` sends it chunked.
  let contentLength: Int64?
  /// Whether a body, perhaps an empty one, is sent.
  let hasBody: Bool
  let expectContinue: Bool
  let connectTimeout: Duration
  let totalTimeout: Duration?
  let lowSpeedLimitBytesPerSecond: Int
  let lowSpeedTime: Duration

  /// Checks a request.
  ///
  /// Refusing CR, LF and NUL here is what keeps a caller's text from becoming a header or a second request
  /// (RFC 9110 section 5.5); length and encoding headers are ours alone, so that framing cannot be contradicted.
  ///
  /// - Parameters:
  ///   - request: The caller's request.
  ///   - contentLength: Length of the body, `nil` if unknown.
  ///   - hasBody: Whether a body source is attached.
  ///   - configuration: Defaults for deadlines, and the allowed schemes.
  /// - Throws: `.invalidRequest`.
  init(
    _ request: HTTPTransportRequest, contentLength: Int64?, hasBody: Bool, configuration: HTTPTransportConfiguration
  ) throws(HTTPTransportError) {
    guard request.method.isToken else { throw .invalidRequest(.method) }
    origin = try HTTPOrigin(url: request.url, schemes: configuration.allowedSchemes)
    if let contentLength, contentLength < 0 { throw .invalidRequest(.bodyLength) }
    method = request.method
    url = request.url
    // A PUT or POST without a body still says Content-Length: 0 (RFC 9110 section 8.6).
    self.hasBody = hasBody || method == "PUT" || method == "POST" || method == "PATCH"
    self.contentLength = contentLength
    expectContinue = request.expectContinue

    var lines: [String] = []
    lines.reserveCapacity(request.headers.count + 1)
    for (name, value) in request.headers {
      guard name.isToken else { throw .invalidRequest(.headerName) }
      guard value.isFieldValue else { throw .invalidRequest(.headerValue) }
      switch name.reservedName {
      case .framing: throw .invalidRequest(.headerReserved)
      case .contentLength:
        guard let contentLength, value == String(contentLength) else { throw .invalidRequest(.headerReserved) }
      case nil:
        // libcurl reads "Name:" as "leave this header out" and "Name;" as "send it empty".
        lines.append(value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? "\(name);" : "\(name): \(value)")
      }
    }
    lines.append(request.expectContinue ? "Expect: 100-continue" : "Expect:")
    headerLines = lines

    let timeouts = request.timeouts
    connectTimeout = timeouts.connect ?? configuration.connectTimeout
    totalTimeout = timeouts.total ?? configuration.totalTimeout
    lowSpeedLimitBytesPerSecond = timeouts.lowSpeedLimitBytesPerSecond ?? configuration.lowSpeedLimitBytesPerSecond
    lowSpeedTime = timeouts.lowSpeedTime ?? configuration.lowSpeedTime
  }
}

/// A header that is ours to send.
private enum ReservedName {
  case framing
  case contentLength
}

extension String {
  /// Which reserved header this names; most names differ in their length already.
  fileprivate var reservedName: ReservedName? {
    switch utf8.count {
    case 6: lowercased() == "expect" ? .framing : nil
    case 14: lowercased() == "content-length" ? .contentLength : nil
    case 17: lowercased() == "transfer-encoding" ? .framing : nil
    default: nil
    }
  }

  /// Whether this is a token of RFC 9110 section 5.6.2.
  fileprivate var isToken: Bool {
    !isEmpty
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "A")...UInt8(ascii: "Z"):
          true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
      }
  }

  /// Whether this may stand as a field value: no control character but tab (RFC 9110 section 5.5).
  var isFieldValue: Bool {
    utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
  }
}
