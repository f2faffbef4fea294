/// The body of a response, read once, by one task at a time.
///
/// Chunks are at most a few hundred KiB; they grow with the bytes that arrived since the last one was taken. While the
/// configured window is full the socket is not read, so a slow reader slows the server down. Cancelling the reading
/// task, or dropping the body before its end, aborts the transfer.
package final class HTTPResponseBody: AsyncSequence, Sendable {
  package typealias Element = [UInt8]
  package typealias Failure = HTTPTransportError

  private let transfer: Transfer
  private let declaredLength: Int64?

  init(transfer: Transfer, declaredLength: Int64?) {
    self.transfer = transfer
    self.declaredLength = declaredLength
  }

  deinit { transfer.abandonBody() }

  /// Reads chunk after chunk; a second iterator goes on where the first one stopped.
  package struct Iterator: AsyncIteratorProtocol {
    let body: HTTPResponseBody

    /// The next chunk, `nil` at the end.
    ///
    /// Throws `.truncated` when the body is shorter than declared, `.receiveFailed`, `.stalled` or `.timedOut` when the
    /// transfer broke, `.cancelled` when the task or the transfer was cancelled.
    package mutating func next() async throws(HTTPTransportError) -> [UInt8]? {
      try await body.transfer.nextChunk(isolation: nil)
    }

    /// The next chunk, without leaving the caller's actor.
    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(HTTPTransportError) -> [UInt8]? {
      try await body.transfer.nextChunk(isolation: actor)
    }
  }

  /// An iterator over what is left of the body.
  package func makeAsyncIterator() -> Iterator { Iterator(body: self) }

  /// Reads the rest of the body into one array.
  ///
  /// - Parameter limit: Most bytes to accept.
  /// - Returns: The bytes.
  /// - Throws: `.tooLarge(limit:)` as soon as the declared or received length is over the limit, which aborts the
  ///   transfer; else what `Iterator.next()` throws.
  package func collect(upTo limit: Int) async throws(HTTPTransportError) -> [UInt8] {
    var collected: [UInt8] = []
    while let chunk = try await transfer.nextChunk(isolation: nil) {
      guard chunk.count <= limit - collected.count else {
        transfer.abort(.cancelled)
        throw .tooLarge(limit: limit)
      }
      if collected.isEmpty {
        if let declaredLength, declaredLength > Int64(limit) {
          transfer.abort(.cancelled)
          throw .tooLarge(limit: limit)
        }
        collected = chunk
        // A declared length is a claim: memory for it is set aside up to a bound only.
        if let declaredLength { collected.reserveCapacity(Int(clamping: Swift.min(declaredLength, 8 << 20))) }
      } else {
        collected.append(contentsOf: chunk)
      }
    }
    return collected
  }

  /// Throws the rest away; the connection is kept if at most 64 KiB are left, and closed otherwise.
  package func discard() { transfer.drain(upTo: 64 * 1024) }

  /// Aborts the transfer; a waiting reader fails with `.cancelled`.
  package func cancel() { transfer.abort(.cancelled) }
}
