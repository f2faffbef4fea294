/// The bytes of one request as they go into a session.
///
/// Not `Sendable`: it belongs to the task that answers the request, as its reader does.
final class UploadSource {
  /// What to make of a client that goes away in the middle.
  enum Break {
    /// What has arrived counts: the stream ends there, and `brokenBy` says so (wire check 73).
    case keepsWhatArrived
    /// The bytes are worth nothing without the rest.
    case fails
  }

  /// Why the body ended early, where it did and that was tolerated.
  private(set) var brokenBy: BodyFailure?
  private let reader: RequestBodyReader
  private let onBreak: Break

  init(_ reader: RequestBodyReader, onBreak: Break) {
    self.reader = reader
    self.onBreak = onBreak
  }

  /// The next chunk, or nil at the end.
  func next() async throws(BodyFailure) -> [UInt8]? {
    if brokenBy != nil { return nil }
    do throws(BodyFailure) {
      return try await reader.next()
    } catch {
      switch (onBreak, error) {
      case (.keepsWhatArrived, .disconnected), (.keepsWhatArrived, .tooSlow):
        brokenBy = error
        return nil
      default: throw error
      }
    }
  }
}
