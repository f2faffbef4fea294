import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A client that sends exactly the bytes a test wants and keeps what comes back.
final class RawConnection: Sendable {
  private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let state = Mutex<(text: String, isClosed: Bool)>(("", false))

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let text = String(buffer: unwrapInboundIn(data))
      state.withLock { $0.text += text }
    }

    func channelInactive(context: ChannelHandlerContext) { state.withLock { $0.isClosed = true } }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }

  private let channel: any Channel
  private let collector: Collector

  private init(channel: any Channel, collector: Collector) {
    self.channel = channel
    self.collector = collector
  }

  /// Connects to a port of this host.
  static func open(port: Int, reads: Bool = true) async throws -> RawConnection {
    let collector = Collector()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: reads)
      .channelInitializer { $0.pipeline.addHandler(collector) }
      .connect(host: "127.0.0.1", port: port).get()
    return RawConnection(channel: channel, collector: collector)
  }

  /// Sends text; what the server no longer takes is its affair.
  func send(_ text: String) async {
    // A server that has closed the connection is one of the things tests look for, at the other end.
    try? await channel.writeAndFlush(ByteBuffer(string: text)).get()
  }

  /// Everything received so far.
  var received: String { collector.state.withLock { $0.text } }

  /// Whether the server has closed the connection.
  var isClosed: Bool { collector.state.withLock { $0.isClosed } }

  func close() async {
    // A connection that is closed already is as good.
    try? await channel.close().get()
  }

  /// Sends a request that is to end the connection and returns everything that came.
  static func exchange(port: Int, _ request: String) async throws -> String {
    let connection = try await open(port: port)
    await connection.send(request)
    try await untilTrue { connection.isClosed }
    return connection.received
  }
}
