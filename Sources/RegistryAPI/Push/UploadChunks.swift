/// The bytes of a request as a pipeline reads them: the end of a chunk that was begun, then the rest of the body.
///
/// Not `Sendable`: it belongs to the task that answers the request, as the source does.
struct UploadChunks: AsyncSequence {
  typealias Element = [UInt8]

  let ahead: [UInt8]
  let source: UploadSource

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(ahead: ahead, source: source) }

  /// Hands out each chunk once.
  struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var ahead: [UInt8]
    fileprivate let source: UploadSource

    mutating func next() async throws -> [UInt8]? {
      guard ahead.isEmpty else {
        defer { ahead = [] }
        return ahead
      }
      return try await source.next()
    }
  }
}
