import NIOCore
import NIOHTTP1

/// Watches the bytes of a connection before they are parsed: every head has to arrive in time, and a body may not
/// consist of framing alone (security rules 19 and 20).
///
/// The first head's time begins with the connection, a later one's with its first byte; between requests the
/// connection's idle timeout counts.
final class WireLimitsHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let progress: WireProgress
  private let headTimeout: TimeAmount
  private var deadline: Scheduled<Void>?
  private var isRefused = false

  init(progress: WireProgress, headTimeout: TimeAmount) {
    self.progress = progress
    self.headTimeout = headTimeout
  }

  func handlerAdded(context: ChannelHandlerContext) { startDeadline(context) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isRefused { return }
    let headsBefore = progress.headCount
    let phaseBefore = progress.phase
    progress.received(bytes: unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
    if progress.headCount != headsBefore {
      stopDeadline()
    } else if phaseBefore == .betweenRequests {
      progress.stayedBetweenRequests()
      if deadline == nil { startDeadline(context) }
    }
    if progress.isFlooded {
      // The request ends as one that cannot be parsed does; what else comes is dropped.
      isRefused = true
      context.fireErrorCaught(HTTPParserError.invalidChunkSize)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    stopDeadline()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stopDeadline() }

  private func startDeadline(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: headTimeout) {
      let (handler, context) = bound.value
      handler.headIsLate(context)
    }
  }

  private func stopDeadline() {
    deadline?.cancel()
    deadline = nil
  }

  private func headIsLate(_ context: ChannelHandlerContext) {
    deadline = nil
    // While a request is being answered the next one is not read on, which is no fault of the client's.
    if progress.isAnswering { return startDeadline(context) }
    guard progress.phase == .head else { return context.close(promise: nil) }
    let answer = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in
      bound.value.close(promise: nil)
    }
  }
}
