/// The bytes of a request as a pipeline reads them: what was read ahead, then the rest of the body.
///
/// Not `Sendable`: it belongs to the task that answers the request, as the source does.
struct UploadChunks: AsyncSequence {
  typealias Element = [UInt8]

  let ahead: [[UInt8]]
  let source: UploadSource

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(ahead: ahead[...], source: source) }

  /// Hands out each chunk once.
  struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var ahead: ArraySlice<[UInt8]>
    fileprivate let source: UploadSource

    mutating func next() async throws -> [UInt8]? {
      if let first = ahead.popFirst() { return first }
      return try await source.next()
    }
  }
}
