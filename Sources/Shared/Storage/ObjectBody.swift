/// The bytes of an opened object, as they arrive; a single consumer reads it once.
///
/// Memory stays bounded: the store is read only as fast as the consumer asks. Dropping the body unread ends the transfer.
package struct ObjectBody: AsyncSequence, Sendable {
  package typealias Element = [UInt8]
  package typealias Failure = StorageError

  /// The size of the whole object.
  package let objectSizeBytes: Int64
  /// The number of bytes this body delivers: the object's, or the range's.
  package let contentLengthBytes: Int64
  private let nextChunk: @Sendable () async throws(StorageError) -> [UInt8]?

  /// Wraps a source of chunks; `nextChunk` returns nil exactly after `contentLengthBytes` bytes.
  package init(
    objectSizeBytes: Int64, contentLengthBytes: Int64,
    nextChunk: @escaping @Sendable () async throws(StorageError) -> [UInt8]?
  ) {
    self.objectSizeBytes = objectSizeBytes
    self.contentLengthBytes = contentLengthBytes
    self.nextChunk = nextChunk
  }

  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(nextChunk: nextChunk) }

  /// Reads the chunks in order.
  package struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let nextChunk: @Sendable () async throws(StorageError) -> [UInt8]?

    package mutating func next() async throws(StorageError) -> [UInt8]? { try await nextChunk() }

    package mutating func next(isolation actor: isolated (any Actor)?) async throws(StorageError) -> [UInt8]? {
      try await nextChunk()
    }
  }

  /// The whole body, for small objects; throws `tooLarge` before reading where it would exceed `limitBytes`.
  package func collect(limitBytes: Int) async throws(StorageError) -> [UInt8] {
    guard contentLengthBytes <= Int64(limitBytes) else { throw .tooLarge(limitBytes: Int64(limitBytes)) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(contentLengthBytes))
    while let chunk = try await nextChunk() { bytes.append(contentsOf: chunk) }
    return bytes
  }
}
