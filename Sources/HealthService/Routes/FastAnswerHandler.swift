import NIOCore
import NIOHTTP1

/// Answers what is on the shelf right on the event loop, hands on everything else, and holds the connection to its limits:
/// a whole request within the time there is, no large bodies, no answers heaped up for a client that does not read them.
///
/// It stands right behind the parser. Order is kept: while a request handed on is unanswered, later ones are handed on too.
final class FastAnswerHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// The most a request's body may hold; nothing here takes more than a form's fields.
  static let maximumBodyBytes = 64 << 10
  /// An answer that has not ended by then never does; a page that follows the news reconnects.
  static let longestAnswer = TimeAmount.minutes(10)
  private static let lookEvery = TimeAmount.seconds(1)

  private let answers: FastAnswers
  private let census: ConnectionCensus
  /// Requests handed on and not answered to their end.
  private var handedOn = 0
  /// Whether the rest of the current request is to be dropped because it is answered already.
  private var isDropping = false
  private var isClosing = false
  private var bodyBytes = 0
  private var hasUnflushed = false
  private var lastDone = NIODeadline.now()
  private var look: Scheduled<Void>?

  init(answers: FastAnswers, census: ConnectionCensus) {
    self.answers = answers
    self.census = census
  }

  func handlerAdded(context: ChannelHandlerContext) { scheduleLook(context) }

  func handlerRemoved(context: ChannelHandlerContext) { look?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    look?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isClosing { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      bodyBytes = 0
      if handedOn == 0, case .answer(let answer) = answers.outcome(of: head, peer: context.remoteAddress) {
        isDropping = true
        return send(answer, to: head, context: context)
      }
      handedOn += 1
      context.fireChannelRead(data)
    case .body(let bytes):
      bodyBytes += bytes.readableBytes
      if bodyBytes > Self.maximumBodyBytes { return close(context) }
      if !isDropping { context.fireChannelRead(data) }
    case .end:
      if isDropping { isDropping = false } else { context.fireChannelRead(data) }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if hasUnflushed {
      hasUnflushed = false
      context.flush()
    }
    context.fireChannelReadComplete()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) {
      // The answer to what could not be parsed belongs to no request that was handed on.
      handedOn = max(0, handedOn - 1)
      lastDone = .now()
    }
    context.write(data, promise: promise)
  }

  private func send(_ answer: Answer, to head: HTTPRequestHead, context: ChannelHandlerContext) {
    // Answers are small: a client that has left many of them unread is not a balancer.
    if !context.channel.isWritable { context.flush() }
    guard context.channel.isWritable else { return close(context) }
    lastDone = .now()
    HealthMetrics.shared.answered(target: head.uri, status: answer.code)
    var fields = answer.fields
    let hasBody = head.headers.contains(name: "Transfer-Encoding")
    let isKept = head.isKeepAlive && !hasBody
    if !isKept {
      fields.add(name: "Connection", value: "close")
    } else if head.version.minor == 0 {
      fields.add(name: "Connection", value: "keep-alive")
    }
    let status = HTTPResponseStatus(statusCode: answer.code)
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: fields))), promise: nil)
    if head.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil) }
    guard !isKept else {
      context.write(wrapOutboundOut(.end(nil)), promise: nil)
      hasUnflushed = true
      return
    }
    isClosing = true
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
  }

  private func close(_ context: ChannelHandlerContext) {
    isClosing = true
    context.close(promise: nil)
  }

  private func scheduleLook(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    look = context.eventLoop.scheduleTask(in: Self.lookEvery) {
      let (handler, context) = bound.value
      handler.lookAtTime(context)
    }
  }

  private func lookAtTime(_ context: ChannelHandlerContext) {
    let limit = handedOn > 0 ? Self.longestAnswer : census.patience
    guard .now() - lastDone <= limit else { return close(context) }
    scheduleLook(context)
  }
}
