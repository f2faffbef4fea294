import HTTPTypes
import Shared

/// Sends an allowed request below `/api/v1/replication` to the code that answers it.
struct AdminDispatch: Sendable {
  let services: RegistryServices

  /// Answers the request; access and method have been checked.
  func answer(_ request: RegistryRequest, route: AdminRoute) async throws -> Answer {
    if request.method == .options { return Self.options(route) }
    return try await services.throttle.admit {
      var answer = try await status(request, route)
      answer.fields[.cacheControl] = "no-store"
      return answer
    }
  }

  private func status(_ request: RegistryRequest, _ route: AdminRoute) async throws -> Answer {
    switch route {
    case .locations: try await LocationsAnswer(services: services).answer()
    case .namespace(let name): try await NamespaceAnswer(services: services).answer(request, namespace: name)
    case .namespaceLocations(let name):
      try await NamespaceLocationsAnswer(services: services).answer(request, namespace: name)
    case .repository(let name): try await RepositoryAnswer(services: services).answer(request, repository: name)
    case .image(let name, let reference):
      try await ImageAnswer(services: services).answer(request, repository: name, reference: reference)
    case .jobs: try await JobsAnswer(services: services).list(request)
    case .atRisk: try await AtRiskAnswer(services: services).answer(request)
    case .job(let id): try await JobsAnswer(services: services).one(id)
    }
  }

  private static func options(_ route: AdminRoute) -> Answer {
    var fields = HTTPFields()
    fields[.allow] = route.allowedMethods.map(\.rawValue).joined(separator: ", ")
    return Answer(.noContent, fields: fields)
  }
}
