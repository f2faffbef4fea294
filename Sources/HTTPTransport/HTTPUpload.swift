/// A request whose body its owner pushes piece by piece.
///
/// The owner keeps the read loop of wherever the bytes come from and calls `write` for each piece, then `finish`. When
/// the server answers with status 300 or above before the body's end, the transport stops sending: `write` throws
/// `.responseArrivedEarly` at once, and `finish` returns that response. An early answer below 300 is held back until
/// the body is sent. A broken connection makes `write` and `finish` throw; neither ever waits for a server that is gone.
/// Dropping the upload before `finish` returned aborts it.
package final class HTTPUpload: Sendable {
  private let transfer: Transfer
  private let buffer: UploadBuffer

  init(transfer: Transfer, buffer: UploadBuffer) {
    self.transfer = transfer
    self.buffer = buffer
  }

  deinit { transfer.abandonUpload() }

  /// Adds bytes to the body, waiting while the upload window is full.
  ///
  /// The array is kept, not copied; a write larger than the window is taken whole. One task writes at a time.
  ///
  /// - Throws: `.responseArrivedEarly`; `.invalidRequest(.bodyLength)` over the declared length, which aborts the
  ///   transfer; what broke the transfer; `.cancelled`, also when the writing task is cancelled, which aborts it.
  package func write(_ bytes: [UInt8]) async throws(HTTPTransportError) {
    if Task.isCancelled { transfer.abort(.cancelled) }
    let room = await withTaskCancellationHandler {
      await buffer.waitForRoom()
    } onCancel: {
      transfer.abort(.cancelled)
    }
    try room.get()
    guard !bytes.isEmpty else { return }
    do {
      if try buffer.append(bytes) { transfer.loop.post(.resumeSend(transfer)) }
    } catch {
      if error == .invalidRequest(.bodyLength) { transfer.abort(error) }
      throw error
    }
  }

  /// Ends the body and waits for the response head.
  ///
  /// - Throws: `.invalidRequest(.bodyLength)` if fewer bytes were written than declared, which aborts the transfer; else
  ///   what broke the transfer.
  package func finish() async throws(HTTPTransportError) -> HTTPTransportResponse {
    do {
      if try buffer.finish() { transfer.loop.post(.resumeSend(transfer)) }
    } catch .responseArrivedEarly {
      // Not a failure here: the head waits for us.
    } catch {
      if error == .invalidRequest(.bodyLength) { transfer.abort(error) }
      throw error
    }
    return try await transfer.response()
  }

  /// Gives the upload up; a waiting writer fails with `.cancelled` and the connection is closed.
  package func abort() { transfer.abort(.cancelled) }
}

extension Transfer {
  /// Waits for the head and makes the caller's view of the response, which owns the transfer from then on.
  func response() async throws(HTTPTransportError) -> HTTPTransportResponse {
    let head = try await awaitHead()
    let declaredLength = request.method == "HEAD" ? nil : head.contentLength
    return HTTPTransportResponse(
      status: head.status, headers: head.headers, contentLength: head.contentLength, timings: head.timings,
      certificateExpiry: head.certificateExpiry, body: HTTPResponseBody(transfer: self, declaredLength: declaredLength))
  }
}
