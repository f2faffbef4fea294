/// One HTTP request without its body.
package struct HTTPTransportRequest: Sendable {
  /// Method token; case matters.
  package var method: String
  /// Absolute URL, percent-encoded, sent as it is: dot segments are kept.
  package var url: String
  /// Header fields in the order they are sent.
  ///
  /// `Transfer-Encoding` and `Expect` are refused; `Content-Length` is accepted when it equals the body's length.
  package var headers: [(name: String, value: String)]
  /// Deadlines that differ from the configuration's.
  package var timeouts: HTTPTransportTimeouts
  /// Sends `Expect: 100-continue` and waits up to one second for the interim response before the body.
  package var expectContinue: Bool

  /// A request of the given parts.
  package init(
    method: String, url: String, headers: [(name: String, value: String)] = [],
    timeouts: HTTPTransportTimeouts = .init(),
    expectContinue: Bool = false
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.timeouts = timeouts
    self.expectContinue = expectContinue
  }
}

/// Deadlines of one request; `nil` takes the configuration's value.
package struct HTTPTransportTimeouts: Sendable, Equatable {
  /// Name lookup, TCP and TLS together.
  package var connect: Duration?
  /// From submission to the last body byte.
  package var total: Duration?
  package var lowSpeedLimitBytesPerSecond: Int?
  package var lowSpeedTime: Duration?

  /// Overrides of the given kinds.
  package init(
    connect: Duration? = nil, total: Duration? = nil, lowSpeedLimitBytesPerSecond: Int? = nil,
    lowSpeedTime: Duration? = nil
  ) {
    self.connect = connect
    self.total = total
    self.lowSpeedLimitBytesPerSecond = lowSpeedLimitBytesPerSecond
    self.lowSpeedTime = lowSpeedTime
  }
}

/// A request body that is complete before the request starts, and so can be sent again.
package enum HTTPRequestBody: Sendable {
  case none
  /// Bytes read in place.
  case bytes([UInt8])
  /// Pieces sent one after the other, read in place.
  case slices([[UInt8]])

  /// The body's pieces in order.
  var pieces: [[UInt8]] {
    switch self {
    case .none: []
    case .bytes(let bytes): [bytes]
    case .slices(let pieces): pieces
    }
  }
}
