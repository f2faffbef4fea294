import NIOCore

/// Answers a connection that is too many and closes it; nothing it sends is looked at.
final class RefusedConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// The client may read the answer this long: closing at once would drop it where the request was not read.
  private static let lingerTime = TimeAmount.seconds(1)

  private let answer: String

  /// Prepares the answer: 429 for one address's excess, 503 for everybody's, both with `Retry-After`.
  init(_ verdict: ConnectionPlaces.Verdict) {
    let isOwnFault = verdict == .tooManyFromAddress
    let code = isOwnFault ? OCIErrorCode.tooManyRequests : .unavailable
    let failure = OCIFailure(code, "too many connections")
    let body = String(decoding: failure.body, as: UTF8.self)
    answer =
      "HTTP/1.1 \(isOwnFault ? "429 Too Many Requests" : "503 Service Unavailable")\r\n"
      + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\nRetry-After: 5\r\n"
      + "Docker-Distribution-API-Version: registry/2.0\r\nConnection: close\r\n\r\n" + body
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    let channel = context.channel
    context.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(mode: .all, promise: nil) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
