internal import HTTPTransport
internal import SharedModel
private import Synchronization

/// Counts the bytes of an answer's body, so that an early end is never taken for the end.
final class CountedBody: Sendable {
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
      throw TransferFailure.error(error)
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

extension CountedBody {
  /// The body of a 2xx answer to GET; throws unless the answer covers exactly what was asked for.
  static func opened(_ response: HTTPTransportResponse, range: ByteRange?) throws(StorageError) -> ObjectBody {
    let (length, total) = try extent(response, range: range)
    let body = CountedBody(response.body, lengthBytes: length)
    return ObjectBody(objectSizeBytes: total, contentLengthBytes: length) { () async throws(StorageError) in
      try await body.next()
    }
  }

  /// The length of the body and of the object; throws unless the answer covers exactly what was asked for.
  private static func extent(
    _ response: HTTPTransportResponse, range: ByteRange?
  ) throws(StorageError) -> (length: Int64, total: Int64) {
    guard let length = response.contentLength else { throw .invalidResponse(detail: "GET without a length") }
    guard let range else {
      guard response.status == 200 else { throw .invalidResponse(detail: "\(response.status) for a whole object") }
      return (length, length)
    }
    guard response.status == 206, let text = response.headers["content-range"], let answer = ServedRange(text) else {
      throw .invalidResponse(detail: "\(response.status) for a range")
    }
    guard answer.first == range.first, answer.last == range.last else {
      // Stores clip a range that begins inside the object; the port does not, so that a short placement shows.
      throw .refused(status: 416, code: "InvalidRange")
    }
    guard length == range.count else { throw .invalidResponse(detail: "the length contradicts the range") }
    return (length, answer.total)
  }
}
