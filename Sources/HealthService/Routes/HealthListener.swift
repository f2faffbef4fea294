import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// Accepts connections and answers what comes over them until the service is shut down.
struct HealthListener: Service {
  private let application: Application<HealthResponder>

  /// Prepares to listen; `onRunning` is told the port, which matters where 0 was asked for.
  init(
    host: String, port: Int, responder: HealthResponder, census: ConnectionCensus = ConnectionCensus(),
    logger: Logger, onRunning: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    let answers = responder.answers
    application = Application(
      responder: responder,
      server: HTTPServerBuilder { respond in HealthChannel(answers: answers, census: census, responder: respond) },
      configuration: .init(address: .hostname(host, port: port), serverName: nil, backlog: 1024),
      onServerRunning: { channel in onRunning(channel.localAddress?.port ?? port) },
      logger: logger)
  }

  /// Listens until shut down gracefully; throws where the address cannot be bound.
  func run() async throws { try await application.run() }
}
