import NIOCore
import NIOHTTP1

/// Watches the parts of requests and answers, and hands `Host` on so that nothing is lost about it.
///
/// HTTPTypes keeps one authority and no version. Several `Host` fields are therefore joined here as lists are, which no
/// host can look like, and a request of HTTP/1.0, which needs none, is given an empty one: what then has no valid
/// authority broke RFC 9112 section 3.2 and is refused where requests are answered, in its turn.
final class RequestPartsHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let progress: WireProgress

  init(progress: WireProgress) { self.progress = progress }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(var head):
      progress.beganBody()
      Self.keepHost(of: &head)
      context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body(let bytes):
      progress.receivedPayload(bytes: bytes.readableBytes)
      context.fireChannelRead(data)
    case .end:
      progress.endedRequest()
      context.fireChannelRead(data)
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { progress.endedAnswer() }
    context.write(data, promise: promise)
  }

  private static func keepHost(of head: inout HTTPRequestHead) {
    let hosts = head.headers["host"]
    if hosts.isEmpty, head.version == .http1_0 {
      head.headers.add(name: "Host", value: "")
    } else if hosts.count > 1 {
      head.headers.replaceOrAdd(name: "Host", value: hosts.joined(separator: ", "))
    }
  }
}
