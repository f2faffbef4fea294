import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Shared

/// Answers HAProxy's agent checks over plain TCP, a line per connection, from what is known already.
struct AgentCheckServer: Service {
  /// The most connections at a time; each lives a tenth of a second at most unless its peer does not read.
  static let maximumConnections = 256
  /// A connection whose peer has not taken the answer by then is cut.
  static let longestConnection = TimeAmount.seconds(2)

  let host: String
  let port: Int
  let region: String
  let shelf: AnswerShelf
  let logger: Logger
  /// Told the port, which matters where 0 was asked for.
  var onRunning: @Sendable (Int) -> Void = { _ in }

  /// Listens until shut down gracefully or cancelled; throws where the address cannot be bound.
  func run() async throws {
    let (shelf, region) = (shelf, region)
    let census = ConnectionCensus(limit: Self.maximumConnections)
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        guard census.enter() else {
          HealthMetrics.shared.agentAnswered(.refused)
          return channel.close()
        }
        HealthMetrics.shared.agentConnections(1)
        let cut = channel.eventLoop.scheduleTask(in: Self.longestConnection) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in
          cut.cancel()
          census.leave()
          HealthMetrics.shared.agentConnections(-1)
        }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            AgentCheckHandler { line in Self.answer(line, region: region, shelf: shelf) })
        }
      }
    let server = try await bootstrap.bind(host: host, port: port).get()
    let bound = server.localAddress?.port ?? port
    logger.info("agent checks are answered", metadata: ["address": "\(host):\(bound)"])
    onRunning(bound)
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        // The listener's end has no other error than having been closed, which is what is waited for.
        try? await server.closeFuture.get()
      } onGracefulShutdown: {
        server.close(promise: nil)
      }
    } onCancel: {
      server.close(promise: nil)
    }
  }

  private static func answer(_ line: String, region: String, shelf: AnswerShelf) -> String {
    guard let question = AgentQuestion(line: line, own: region) else {
      HealthMetrics.shared.agentAnswered(.refused)
      return "ready down #bad_question\n"
    }
    let told = AgentAnswer.line(for: question, verdicts: shelf.book.view.verdicts)
    HealthMetrics.shared.agentAnswered(line: told)
    return told
  }
}
