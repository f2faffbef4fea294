import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// One client connection: HTTP/1.1 with the registry's limits, socket options and handlers around Hummingbird's channel.
struct RegistryChannel: ServerChildChannel {
  /// Heads larger than this are refused (security rule 17).
  static let maximumHeadBytes = 32 << 10
  static let maximumFieldCount = 100
  /// Between requests, and while a body is being sent in silence.
  static let idleTimeout = TimeAmount.seconds(90)
  static let headTimeout = TimeAmount.seconds(10)
  /// Larger reads cost an upload 10 to 15 % less CPU (foundations, must-know 4).
  static let maximumReceiveBytes = 512 << 10

  private let base: HTTP1Channel

  /// Wraps a responder.
  init(responder: @escaping HTTPChannelHandler.Responder) {
    base = HTTP1Channel(
      responder: responder,
      configuration: .init(
        additionalChannelHandlers: [HeadDeadlineHandler(timeout: Self.headTimeout), ContinueHandler()],
        idleTimeout: Self.idleTimeout,
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: Self.maximumHeadBytes, maxHeaderListSize: Self.maximumHeadBytes,
          maxHeaderFieldCount: Self.maximumFieldCount)))
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
    let options = channel.setOption(.socketOption(.tcp_nodelay), value: 1).and(
      channel.setOption(
        .recvAllocator,
        value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16 << 10, maximum: Self.maximumReceiveBytes)))
    let base = base
    return options.flatMap { _ in base.setup(channel: channel, logger: logger) }
  }

  func handle(value: HTTP1Channel.Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
  }
}
