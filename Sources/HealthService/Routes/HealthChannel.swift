import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// One client connection: HTTP/1.1 with small limits, answered from the shelf where that is possible.
struct HealthChannel: ServerChildChannel {
  /// The most a request's head may hold; logins and cookies of the page fit many times.
  static let maximumHeadBytes = 16 << 10
  static let maximumFieldCount = 100

  private let base: HTTP1Channel
  private let answers: FastAnswers
  private let census: ConnectionCensus

  /// Wraps the responder of everything that is not on the shelf.
  init(answers: FastAnswers, census: ConnectionCensus, responder: @escaping HTTPChannelHandler.Responder) {
    self.answers = answers
    self.census = census
    base = HTTP1Channel(
      responder: responder,
      configuration: .init(
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: Self.maximumHeadBytes, maxHeaderListSize: Self.maximumHeadBytes,
          maxHeaderFieldCount: Self.maximumFieldCount)))
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
    let (base, answers, census) = (base, answers, census)
    let isAdmitted = census.enter()
    if isAdmitted { channel.closeFuture.whenComplete { _ in census.leave() } }
    return channel.setOption(.socketOption(.tcp_nodelay), value: 1)
      .flatMap { base.setup(channel: channel, logger: logger) }
      .flatMapThrowing { value in
        let pipeline = channel.pipeline.syncOperations
        let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(FastAnswerHandler(answers: answers, census: census), position: .after(parser))
        // Closed rather than left waiting: a checker that is refused at once asks again, or somebody else.
        if !isAdmitted { channel.close(promise: nil) }
        return value
      }
  }

  func handle(value: HTTP1Channel.Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
  }
}
