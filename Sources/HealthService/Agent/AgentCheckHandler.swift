import NIOCore

/// One agent check: waits a moment for a question, answers one line, closes.
final class AgentCheckHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// A longer question is none.
  static let maximumQuestionBytes = 128
  /// Whoever has said nothing by then asks about this region (HAProxy without `agent-send`).
  static let silence = TimeAmount.milliseconds(100)

  private let answer: @Sendable (String) -> String
  private var received = ""
  private var isAnswered = false
  private var timer: Scheduled<Void>?

  /// Asks `answer` for the line that belongs to a question.
  init(answer: @escaping @Sendable (String) -> String) { self.answer = answer }

  func channelActive(context: ChannelHandlerContext) {
    startTimer(context)
    context.fireChannelActive()
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { startTimer(context) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isAnswered else { return }
    received += String(decoding: unwrapInboundIn(data).readableBytesView, as: UTF8.self)
    if received.utf8.contains(UInt8(ascii: "\n")) || received.utf8.count > Self.maximumQuestionBytes { reply(context) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { reply(context) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func startTimer(_ context: ChannelHandlerContext) {
    guard timer == nil else { return }
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: Self.silence) {
      let (handler, context) = bound.value
      handler.reply(context)
    }
  }

  private func reply(_ context: ChannelHandlerContext) {
    guard !isAnswered else { return }
    isAnswered = true
    timer?.cancel()
    let question = received.utf8.count > Self.maximumQuestionBytes ? "? ? ?" : String(received.prefix { !$0.isNewline })
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer(question)))).whenComplete { _ in
      bound.value.close(promise: nil)
    }
  }
}
