internal import HTTPTransport
private import Synchronization

/// Counts the bytes of an answer's body, so that an early end is never taken for the end.
final class S3BodyReader: Sendable {
  private let body: HTTPResponseBody
  private let lengthBytes: Int64
  private let received = Mutex<Int64>(0)

  init(_ body: HTTPResponseBody, lengthBytes: Int64) {
    self.body = body
    self.lengthBytes = lengthBytes
  }

  /// The next chunk, or nil exactly after the promised bytes.
  func next() async throws(StorageError) -> [UInt8]? {
    var iterator = body.makeAsyncIterator()
    let chunk: [UInt8]?
    do {
      chunk = try await iterator.next()
    } catch .truncated {
      throw truncated()
    } catch .receiveFailed {
      throw truncated()
    } catch {
      throw S3Failure.error(error)
    }
    guard let chunk else {
      guard received.withLock({ $0 }) == lengthBytes else { throw truncated() }
      return nil
    }
    let total = received.withLock { received in
      received += Int64(chunk.count)
      return received
    }
    guard total <= lengthBytes else { throw .invalidResponse(detail: "more bytes than promised") }
    return chunk
  }

  private func truncated() -> StorageError {
    .truncated(expectedBytes: lengthBytes, receivedBytes: received.withLock { $0 })
  }
}
