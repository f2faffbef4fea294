/// Why a request's body could not be read to its end.
enum BodyFailure: Error, Sendable, Equatable {
  /// The client went away, or sent fewer bytes than it had announced.
  case disconnected(receivedBytes: Int64)
  /// The client sent too slowly and was cut off.
  case tooSlow
  /// The body exceeds the limit for what it is.
  case tooLarge(limitBytes: Int64)
}
