import NIOCore

/// What a client still sends when its request is answered, and what becomes of the connection then.
struct LeftOverBody {
  /// As much as this is read and dropped, and the connection stays usable (wire check 108).
  static let smallBytes: Int64 = 64 << 10
  /// As much as this is read before the connection is closed, so that the client gets to see the answer.
  static let lingerBytes: Int64 = 16 << 20
  static let lingerTime = TimeAmount.seconds(5)

  private let reader: RequestBodyReader?

  /// Looks at a reader nobody reads from any more; nil where the head itself was refused.
  init(reader: RequestBodyReader?) { self.reader = reader }

  /// Whether too much is still to come for the connection to be used again.
  var mustClose: Bool {
    guard let reader else { return true }
    if reader.isAtEnd { return false }
    guard let announced = reader.announcedBytes else { return true }
    return announced - reader.receivedBytes > Self.smallBytes || reader.isHeldBack
  }

  /// Closes the connection after the answer: a while is spent reading, since closing with unread bytes would make the
  /// network drop the answer (foundations, must-know 3).
  func close(_ channel: any Channel) async {
    let deadline = channel.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(mode: .all, promise: nil) }
    if let reader { _ = await reader.drain(limitBytes: Self.lingerBytes) }
    deadline.cancel()
    channel.close(mode: .all, promise: nil)
  }
}
