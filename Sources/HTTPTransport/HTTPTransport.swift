import CLibCurl

/// An HTTP client over libcurl's multi interface on threads of its own.
///
/// It never follows redirects, never decodes content encodings, ignores environment proxies, `.netrc` and cookies, and
/// sends nothing to a TLS peer it has not verified. Connections are kept and used again. Requests over the per-host
/// or total connection limit wait in a bounded queue. Dropping the transport closes it.
package final class HTTPTransport: Sendable {
  /// How busy a transport is.
  package struct Load: Sendable, Equatable {
    /// Transfers that hold a connection slot.
    package var active: Int
    /// Transfers that wait for one.
    package var queued: Int
  }

  /// What the transport was made with.
  package let configuration: HTTPTransportConfiguration
  private let loops: [CurlLoop]

  /// Starts the driving threads.
  ///
  /// - Throws: `.unavailable` when libcurl or the system refuses a handle or a thread; `.invalidRequest(.headerValue)`
  ///   for a user agent that may not stand in a header.
  package init(configuration: HTTPTransportConfiguration = .init()) throws(HTTPTransportError) {
    self.configuration = configuration
    guard configuration.userAgent.isFieldValue else { throw .invalidRequest(.headerValue) }
    var loops: [CurlLoop] = []
    for index in 0..<configuration.threadCount {
      do {
        loops.append(try CurlLoop(configuration: configuration, index: index))
      } catch {
        for loop in loops { loop.requestStop() }
        throw error
      }
    }
    self.loops = loops
  }

  deinit { for loop in loops { loop.requestStop() } }

  /// Sends a request and waits for the response head.
  ///
  /// The body is sent again from its start if a kept connection proves dead before the first response byte.
  /// Cancelling the task aborts the transfer.
  ///
  /// - Throws: `.invalidRequest`, `.overloaded`, `.closed` before anything is sent; else what broke the transfer.
  package func send(
    _ request: HTTPTransportRequest, body: HTTPRequestBody = .none
  ) async throws(HTTPTransportError) -> HTTPTransportResponse {
    let pieces = body.pieces
    var byteCount = 0
    for piece in pieces {
      let (sum, overflows) = byteCount.addingReportingOverflow(piece.count)
      guard !overflows else { throw .invalidRequest(.bodyLength) }
      byteCount = sum
    }
    let prepared = try PreparedRequest(
      request, contentLength: Int64(byteCount), hasBody: !pieces.isEmpty, configuration: configuration)
    let upload = prepared.hasBody ? UploadBuffer(pieces: pieces, byteCount: byteCount) : nil
    return try await submit(prepared, upload: upload).response()
  }

  /// Starts a request whose body is pushed.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - contentLength: Exact length of the body; `nil` sends it chunked.
  /// - Returns: The upload, to be written and finished.
  /// - Throws: `.invalidRequest`, `.overloaded` or `.closed`; nothing was sent then.
  package func startUpload(
    _ request: HTTPTransportRequest, contentLength: Int64?
  ) async throws(HTTPTransportError) -> HTTPUpload {
    let prepared = try PreparedRequest(
      request, contentLength: contentLength, hasBody: true, configuration: configuration)
    let buffer = UploadBuffer(declaredLength: contentLength, windowBytes: configuration.uploadWindowBytes)
    return HTTPUpload(transfer: try submit(prepared, upload: buffer), buffer: buffer)
  }

  /// Aborts every transfer with `.closed`, refuses new ones, and waits until the threads have ended.
  ///
  /// The wait is short and does not end early on cancellation.
  package func close() async {
    for loop in loops { loop.requestStop() }
    for loop in loops { await loop.awaitExit() }
  }

  /// The number of active and queued transfers now.
  package var load: Load {
    loops.reduce(into: Load(active: 0, queued: 0)) { load, loop in
      let (active, queued) = loop.load
      load.active += active
      load.queued += queued
    }
  }

  private func submit(
    _ request: PreparedRequest, upload: UploadBuffer?
  ) throws(HTTPTransportError) -> Transfer {
    var choice = loops.first
    if loops.count > 1 {
      choice = loops.map { (loop: $0, load: $0.load) }.min { $0.load < $1.load }?.loop
    }
    guard let loop = choice else { throw .unavailable }
    let transfer = Transfer(request: request, upload: upload, loop: loop, configuration: configuration)
    try loop.submit(transfer)
    return transfer
  }
}
