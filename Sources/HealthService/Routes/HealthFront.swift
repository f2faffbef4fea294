import Hummingbird
import Logging
import ServiceLifecycle
import Shared

/// Everything that answers: the listener for HTTP and, where one is asked for, the one for agent checks, from one shelf.
struct HealthFront {
  let services: [any Service]

  /// Prepares to answer from `state`, and from `page`, whose nil means "not mine".
  init(
    state: HealthState, configuration: Configuration, listen: (host: String, port: Int),
    agentListen: (host: String, port: Int)?, logger: Logger,
    page: @escaping @Sendable (Request, PageContext) async throws -> Response? = { _, _ in nil }
  ) {
    let shelf = AnswerShelf { state.view }
    let details = DetailsPolicy(
      audience: DetailsAudience(configuration.health.details),
      superusers: SuperuserDirectory(names: configuration.superUsers, password: configuration.superuserPassword))
    let listener = HealthListener(
      host: listen.host, port: listen.port,
      responder: HealthResponder(
        answers: FastAnswers(shelf: shelf, details: details),
        metrics: { HealthMetrics.shared.text(of: state.view) }, page: page),
      logger: logger)
    let agent = agentListen.map {
      AgentCheckServer(host: $0.host, port: $0.port, region: "\(configuration.region)", shelf: shelf, logger: logger)
    }
    services = [listener] + (agent.map { [$0] } ?? [])
  }
}
