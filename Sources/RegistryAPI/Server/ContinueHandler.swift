import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Asks `ContinueHandler` to tell the client to go on: sent when a handler first reads a body the client holds back.
struct ContinueExpected: Sendable {}

/// Answers `Expect: 100-continue` (RFC 9110 section 10.1.1), which the server does not do by itself: curl would wait a
/// second. It is sent only once the body is wanted, so a refused upload is never transferred at all.
final class ContinueHandler: ChannelOutboundHandler, RemovableChannelHandler, Sendable {
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard event is ContinueExpected else { return context.triggerUserOutboundEvent(event, promise: promise) }
    context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: promise)
  }
}
