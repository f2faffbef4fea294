import HTTPTypes
import HummingbirdCore
import NIOCore
import Shared

/// Reads the body of one request; the only consumer it ever has (foundations, must-know 1).
///
/// Used from the task that answers the request and from no other: it is not `Sendable`. It counts what it reads, so a
/// body that ends before its announced length is an error and never looks like a shorter upload.
final class RequestBodyReader {
  /// The length the client announced, or nil for a chunked body.
  let announcedBytes: Int64?
  private(set) var receivedBytes: Int64 = 0
  /// Whether all of the body has been read; true at once where there is none.
  private(set) var isAtEnd: Bool
  /// What the body may not exceed from here on.
  private(set) var limitBytes: Int64 = .max

  /// Whether the client waits for `100 Continue` and has not been told to go on.
  private(set) var isHeldBack: Bool

  private let request: Request
  private let channel: any Channel
  private let watch: TransferWatch
  private var iterator: RequestBody.AsyncIterator?
  private var chunksRead = 0

  /// Prepares to read; nothing is read and no `100 Continue` is sent before the first `next()`.
  ///
  /// Throws 400 for a length that is no number and for a transfer coding that cannot be read (security rule 20).
  init(request: Request, channel: any Channel) throws(OCIFailure) {
    self.request = request
    self.channel = channel
    watch = TransferWatch(channel: channel)
    let encoding = request.headers[.transferEncoding]
    guard encoding == nil || encoding?.lowercased() == "chunked" else {
      throw OCIFailure(.unsupported, status: .badRequest, "Transfer-Encoding must be chunked")
    }
    let isChunked = encoding != nil
    if !isChunked, let text = request.headers[.contentLength] {
      guard let length = Int64(text), length >= 0 else {
        throw OCIFailure(.sizeInvalid, "Content-Length is not a length")
      }
      announcedBytes = length
    } else {
      announcedBytes = isChunked ? nil : 0
    }
    isAtEnd = announcedBytes == 0
    isHeldBack = request.headers[.expect]?.lowercased() == "100-continue"
  }

  /// Refuses a body longer than `bytes`: at once where the announced length already is, else while reading.
  func limit(to bytes: Int64) throws(BodyFailure) {
    limitBytes = bytes
    if let announcedBytes, announcedBytes > bytes { throw .tooLarge(limitBytes: bytes) }
  }

  /// The next bytes as they arrive, or nil at the end.
  ///
  /// Throws where the client goes away, is too slow, or exceeds the limit.
  func nextBuffer() async throws(BodyFailure) -> ByteBuffer? {
    if isAtEnd { return nil }
    prepare()
    watch.beginWaiting()
    let buffer: ByteBuffer?
    do {
      buffer = try await iterator?.next()
    } catch {
      watch.stop()
      throw watch.hasExpired ? .tooSlow : .disconnected(receivedBytes: receivedBytes)
    }
    watch.endWaiting(movedBytes: buffer?.readableBytes ?? 0)
    guard let buffer else {
      watch.stop()
      isAtEnd = true
      if watch.hasExpired { throw .tooSlow }
      if let announcedBytes, receivedBytes != announcedBytes { throw .disconnected(receivedBytes: receivedBytes) }
      return nil
    }
    receivedBytes += Int64(buffer.readableBytes)
    guard receivedBytes <= limitBytes else { throw .tooLarge(limitBytes: limitBytes) }
    return buffer
  }

  /// The next bytes as an array.
  func next() async throws(BodyFailure) -> [UInt8]? {
    guard var buffer = try await nextBuffer() else { return nil }
    return buffer.readBytes(length: buffer.readableBytes) ?? []
  }

  /// The whole body, which must not exceed `limitBytes`; counted while reading, not believed (security rule 17).
  func collect(limitBytes: Int) async throws(BodyFailure) -> [UInt8] {
    try limit(to: Int64(limitBytes))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(announcedBytes ?? 0))
    while var buffer = try await nextBuffer() {
      bytes.append(contentsOf: buffer.readBytes(length: buffer.readableBytes) ?? [])
    }
    return bytes
  }

  /// Reads and drops up to `bytes` bytes; whether the end was reached.
  func drain(limitBytes bytes: Int64) async -> Bool {
    isHeldBack = false
    let (stop, overflows) = receivedBytes.addingReportingOverflow(bytes)
    limitBytes = .max
    while receivedBytes < (overflows ? .max : stop) {
      do {
        guard try await nextBuffer() != nil else { return true }
      } catch {
        // The client is gone: there is nothing left to read and nobody to tell.
        return true
      }
    }
    return isAtEnd
  }

  private func prepare() {
    if iterator == nil { iterator = request.body.makeAsyncIterator() }
    if isHeldBack {
      isHeldBack = false
      channel.triggerUserOutboundEvent(ContinueExpected(), promise: nil)
    }
    chunksRead += 1
    // Silence is cut off by the connection's idle timeout; the watch is for bodies that come in more than one piece.
    if chunksRead == 3 { watch.start() }
  }

  deinit { watch.stop() }
}
