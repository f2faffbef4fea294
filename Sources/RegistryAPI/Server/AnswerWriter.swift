import HTTPTypes
import HummingbirdCore
import NIOCore
import Shared

/// Puts an answer on the wire.
enum AnswerWriter {
  /// After this many bytes the writer waits for one turn of the event loop, without which the channel's back-pressure does
  /// not take effect and a fast store would fill the memory (foundations, must-know 2).
  private static let burstBytes = 512 << 10

  /// Writes the answer and returns the number of body bytes written.
  ///
  /// A blob that cannot be sent to its right end throws after the connection has been closed short: the client sees fewer bytes
  /// than `Content-Length`, never other ones (invariant I8).
  static func write(_ answer: Answer, to writer: consuming ResponseWriter, channel: any Channel) async throws -> Int64 {
    let head = HTTPResponse(status: answer.status, headerFields: answer.fields)
    switch answer.body {
    case .none:
      try await writer.writeResponse(head)
      return 0
    case .bytes(let bytes):
      try await writer.write(response: head, body: ResponseBody(byteBuffer: bytes))
      return Int64(bytes.readableBytes)
    case .blob(let blob):
      var body: any ResponseBodyWriter = try await writer.writeHead(head)
      do {
        let sent = try await stream(blob, to: &body, channel: channel)
        try await body.finish(nil)
        return sent
      } catch {
        channel.close(mode: .all, promise: nil)
        throw error
      }
    }
  }

  private static func stream(
    _ blob: FailoverBody, to writer: inout any ResponseBodyWriter, channel: any Channel
  ) async throws -> Int64 {
    let watch = TransferWatch(channel: channel)
    defer { watch.stop() }
    watch.start()
    var burst = 0
    let sent = try await blob.send { chunk in
      watch.beginWaiting()
      try await writer.write(ByteBuffer(bytes: chunk))
      burst += chunk.count
      if burst >= burstBytes {
        burst = 0
        try await channel.eventLoop.submit {}.get()
      }
      watch.endWaiting(movedBytes: chunk.count)
    }
    guard sent == blob.lengthBytes else {
      throw StorageError.truncated(expectedBytes: blob.lengthBytes, receivedBytes: sent)
    }
    return sent
  }
}
