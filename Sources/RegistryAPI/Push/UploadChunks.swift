/// The bytes of a request as a pipeline reads them: what was read ahead, then the rest of the body.
///
/// Not `Sendable`: it belongs to the task that answers the request, as the reader does.
struct UploadChunks: AsyncSequence {
  typealias Element = [UInt8]

  let ahead: [[UInt8]]
  let reader: RequestBodyReader

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(ahead: ahead[...], reader: reader) }

  /// Hands out each chunk once.
  struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var ahead: ArraySlice<[UInt8]>
    fileprivate let reader: RequestBodyReader

    mutating func next() async throws -> [UInt8]? {
      if let first = ahead.popFirst() { return first }
      return try await reader.next()
    }
  }
}

extension RequestBodyReader {
  /// Reads until `bytes` bytes have been read or the body has ended, whichever comes first.
  ///
  /// Returns the chunks and whether the end was reached; may return up to one chunk more than asked for.
  func gather(_ bytes: Int64) async throws(BodyFailure) -> (chunks: [[UInt8]], sizeBytes: Int64, isEnd: Bool) {
    var chunks: [[UInt8]] = []
    var size: Int64 = 0
    while size < bytes {
      guard let chunk = try await next() else { return (chunks, size, true) }
      size += Int64(chunk.count)
      chunks.append(chunk)
    }
    return (chunks, size, false)
  }
}
