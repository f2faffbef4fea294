import NIOCore

/// How far one connection has come through its current request, shared by the two handlers that watch it.
///
/// Confined to the connection's event loop, like the handlers themselves.
final class WireProgress {
  /// Where the bytes that arrive next belong.
  enum Phase {
    /// Nothing of the next request has come.
    case betweenRequests
    case head
    case body
  }

  private(set) var phase = Phase.betweenRequests
  /// Bytes of the current body as they came, with the framing of chunks.
  private var wireBytes = 0
  /// Bytes of the current body without framing.
  private var payloadBytes = 0
  private(set) var headCount = 0
  private var answerCount = 0

  /// Framing a body may always have.
  private static let framingBytes = 32 << 10
  /// Framing each byte may have: a chunk of one byte needs five.
  private static let framingFactor = 16

  /// Whether a request is being answered, or waits for its turn.
  var isAnswering: Bool { headCount > answerCount }

  /// Whether the body consists of framing, such as endless chunk extensions, beyond all measure (security rule 20).
  var isFlooded: Bool {
    guard phase == .body else { return false }
    let (allowed, overflows) = payloadBytes.multipliedReportingOverflow(by: Self.framingFactor)
    return !overflows && wireBytes - payloadBytes - Self.framingBytes > allowed
  }

  /// Notes bytes before they are parsed.
  func received(bytes: Int) { wireBytes += bytes }

  /// Notes that bytes were taken without completing anything.
  func stayedBetweenRequests() { if phase == .betweenRequests { phase = .head } }

  /// Notes a head.
  func beganBody() {
    phase = .body
    headCount += 1
    wireBytes = 0
    payloadBytes = 0
  }

  /// Notes bytes of a body.
  func receivedPayload(bytes: Int) { payloadBytes += bytes }

  /// Notes the end of a request.
  func endedRequest() { phase = .betweenRequests }

  /// Notes the end of an answer.
  func endedAnswer() { answerCount += 1 }
}
