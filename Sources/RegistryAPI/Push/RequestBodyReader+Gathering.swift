import Shared

extension RequestBodyReader {
  /// The whole body, gathered as it arrives: it takes only the room of what has arrived, however long the client takes
  /// (security rule 19).
  ///
  /// The caller sets the limit beforehand. `onChunk` sees each chunk once, in order. Throws what reading throws, and
  /// `overloaded` where there is no room.
  func gather(in room: TransferRoom, onChunk: ([UInt8]) -> Void = { _ in }) async throws -> PartContent {
    var buffer = PartBuffer(room: room)
    while let chunk = try await next() {
      onChunk(chunk)
      try await buffer.append(chunk[...])
    }
    return buffer.content()
  }
}
