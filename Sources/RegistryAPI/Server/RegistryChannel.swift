import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// One client connection: HTTP/1.1 with the registry's limits, socket options and handlers around Hummingbird's channel.
struct RegistryChannel: ServerChildChannel {
  /// Beyond this a head is not even read to its end; the limit that is answered is `RequestHead`'s.
  static let maximumHeadBytes = 64 << 10
  static let maximumFieldCount = 200
  /// Between requests, and while a body is being sent in silence.
  static let idleTimeout = TimeAmount.seconds(90)
  static let headTimeout = TimeAmount.seconds(10)
  /// Larger reads cost an upload 10 to 15 % less CPU (foundations, must-know 4).
  static let maximumReceiveBytes = 512 << 10

  private let base: HTTP1Channel
  private let places: ConnectionPlaces

  /// Wraps a responder.
  init(places: ConnectionPlaces, responder: @escaping HTTPChannelHandler.Responder) {
    self.places = places
    base = HTTP1Channel(
      responder: responder,
      configuration: .init(
        additionalChannelHandlers: [ContinueHandler()],
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
    let (base, places) = (base, places)
    let source = ConnectionPlaces.Source(channel.remoteAddress)
    let verdict = places.enter(source)
    channel.closeFuture.whenComplete { _ in places.leave(source) }
    return options.flatMap { _ in base.setup(channel: channel, logger: logger) }.flatMapThrowing { value in
      try Self.guardPipeline(of: channel, verdict: verdict)
      return value
    }
  }

  /// Puts this project's handlers around the parser, or before all else the one that refuses the connection.
  private static func guardPipeline(of channel: any Channel, verdict: ConnectionPlaces.Verdict) throws {
    let pipeline = channel.pipeline.syncOperations
    guard verdict == .admitted else {
      return try pipeline.addHandler(RefusedConnectionHandler(verdict), position: .first)
    }
    let progress = WireProgress()
    let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
    try pipeline.addHandler(RequestPartsHandler(progress: progress), position: .after(parser))
    try pipeline.addHandler(WireLimitsHandler(progress: progress, headTimeout: headTimeout), position: .first)
  }

  func handle(value: HTTP1Channel.Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
  }
}
