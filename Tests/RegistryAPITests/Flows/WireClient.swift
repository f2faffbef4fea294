import HTTPTypes
import NIOCore
import NIOPosix
import Synchronization

/// A client that sends exactly the bytes a test wants and reads what comes back; one connection.
///
/// Nothing here is clever on purpose: a test may stop in the middle of a body, pipeline, or break the grammar.
final class WireClient: Sendable {
  struct Answer: Sendable {
    let status: Int
    /// Names in lower case; repeated fields are joined by a comma.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    subscript(name: String) -> String? { headers[name.lowercased()] }
  }

  enum Failure: Error { case closedEarly, malformed, timedOut }

  private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let state = Mutex<(bytes: [UInt8], isClosed: Bool)>(([], false))

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var buffer = unwrapInboundIn(data)
      let bytes = buffer.readBytes(length: buffer.readableBytes) ?? []
      state.withLock { $0.bytes += bytes }
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

  static func connect(port: Int) async throws -> WireClient {
    let collector = Collector()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { $0.pipeline.addHandler(collector) }
      .connect(host: "127.0.0.1", port: port).get()
    return WireClient(channel: channel, collector: collector)
  }

  /// Sends raw bytes.
  func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

  /// Sends text.
  func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  func close() async { try? await channel.close().get() }  // A connection that is closed already is as good.

  /// Whether the server has closed the connection; waits up to `deadline` for it.
  func isClosed(within deadline: Duration = .seconds(10)) async -> Bool {
    await poll(deadline) { state in state.isClosed ? true : nil } ?? false
  }

  /// The next answer on the connection.
  func answer(toHead: Bool = false, within deadline: Duration = .seconds(20)) async throws -> Answer {
    let outcome: Result<Answer, Failure>? = await poll(deadline) { state in
      guard let head = state.bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
        return state.isClosed ? .failure(.closedEarly) : nil
      }
      let lines = String(decoding: state.bytes[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
      guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
        return .failure(.malformed)
      }
      var headers: [String: String] = [:]
      for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: ":") else { return .failure(.malformed) }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        let name = line[..<colon].lowercased()
        headers[name] = headers[name].map { "\($0),\(value)" } ?? String(value)
      }
      let hasBody = !toHead && status != 204 && status != 304 && status >= 200
      let length = hasBody ? Int(headers["content-length"] ?? "0") ?? 0 : 0
      let body = state.bytes[head.upperBound...]
      guard body.count >= length else { return state.isClosed ? .failure(.closedEarly) : nil }
      let answer = Answer(status: status, headers: headers, body: Array(body.prefix(length)))
      state.bytes = Array(body.dropFirst(length))
      return .success(answer)
    }
    guard let outcome else { throw Failure.timedOut }
    return try outcome.get()
  }

  /// What has arrived and was not taken.
  var pendingBytes: Int { collector.state.withLock { $0.bytes.count } }

  private func poll<Value: Sendable>(
    _ deadline: Duration, _ condition: @Sendable (inout (bytes: [UInt8], isClosed: Bool)) -> Value?
  ) async -> Value? {
    let end = ContinuousClock.now + deadline
    while ContinuousClock.now < end {
      if let value = collector.state.withLock({ condition(&$0) }) { return value }
      // A condition polled with a deadline: the event itself is the server's, in another event loop.
      try? await Task.sleep(for: .milliseconds(2))
    }
    return nil
  }
}

extension String {
  fileprivate func components(separatedBy separator: String) -> [Substring] {
    var parts: [Substring] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(rest[..<range.lowerBound])
      rest = rest[range.upperBound...]
    }
    return parts + [rest]
  }
}
