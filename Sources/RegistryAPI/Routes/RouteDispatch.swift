import HTTPTypes
import NIOCore
import Shared

/// Sends an allowed request to the code that answers it.
struct RouteDispatch: Sendable {
  let services: RegistryServices

  /// Answers the request; access and method have been checked.
  func answer(_ request: RegistryRequest, route: Route) async throws -> Answer {
    try requireChangesAllowed(request, route)
    switch route {
    case .base: return Self.base
    case .token: return try await token(request)
    case .metrics: return metrics()
    case .admin(let route): return try await AdminDispatch(services: services).answer(request, route: route)
    case .catalog: return try await RepositoryList(services: services).answer(request)
    case .tags(let name): return try await TagList(services: services).answer(request, repository: name)
    case .referrers(let name, let digest):
      return try await ReferrerList(services: services).answer(request, repository: name, subject: digest)
    case .blob(let name, let digest) where request.method == .delete:
      return try await Deletion(services: services).blob(digest, in: name)
    case .blob(let name, let digest):
      return try await BlobPull(services: services).answer(request, repository: name, digest: digest)
    case .manifest(let name, let reference): return try await manifest(request, name, reference)
    case .uploads(let name): return try await UploadStart(services: services).answer(request, repository: name)
    case .upload(let name, let id): return try await upload(request, name, id)
    }
  }

  private func manifest(
    _ request: RegistryRequest, _ name: RepositoryName, _ reference: Reference
  ) async throws -> Answer {
    switch request.method {
    case .put: try await ManifestPush(services: services).answer(request, repository: name, reference: reference)
    case .delete: try await Deletion(services: services).manifest(reference, in: name)
    default: try await ManifestPull(services: services).answer(request, repository: name, reference: reference)
    }
  }

  private func upload(_ request: RegistryRequest, _ name: RepositoryName, _ id: UploadID?) async throws -> Answer {
    let continuation = UploadContinuation(services: services)
    return switch request.method {
    case .patch: try await continuation.append(request, repository: name, id: id)
    case .put: try await continuation.finish(request, repository: name, id: id)
    case .delete: try await continuation.cancel(request, repository: name, id: id)
    default: try await continuation.status(request, repository: name, id: id)
    }
  }

  private func token(_ request: RegistryRequest) async throws -> Answer {
    let endpoint = TokenEndpoint(gate: services.gate)
    let now = WallClock.secondsSinceEpoch()
    guard request.method == .post else {
      return try await endpoint.issue(query: request.query, authorization: request.headers[.authorization], now: now)
    }
    let form = try await request.reader.collect(limitBytes: TokenEndpoint.maximumFormBytes)
    guard let text = String(validating: form, as: UTF8.self) else {
      throw OCIFailure(.unsupported, status: .badRequest, "the form is malformed")
    }
    return try await endpoint.issue(form: try QueryParameters(parsing: text[...]), now: now)
  }

  private func metrics() -> Answer {
    var fields = HTTPFields()
    fields[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
    return Answer(.ok, fields: fields, body: .bytes(ByteBuffer(string: services.metrics.text())))
  }

  /// `REGISTRY_STATE: readonly` and `DISABLE_PUSHES` (G18): 405, so that clients do not try again.
  ///
  /// As in Quay (endpoints/decorators.py, endpoints/v2/blob.py) the first refuses every change, with a mark of its own in
  /// the error, and the second everything that begins, goes on with or publishes a push, or deletes: an upload whose
  /// bytes are all there may still be finished, and stays unused until a manifest can refer to it.
  private func requireChangesAllowed(_ request: RegistryRequest, _ route: Route) throws(OCIFailure) {
    guard request.changesSomething else { return }
    if services.settings.isReadOnly, route.isChangeable {
      var failure = OCIFailure(
        .denied, status: .methodNotAllowed,
        "the registry is read-only at the moment: pulls work, nothing can be changed")
      failure.entries[0].isReadOnly = true
      throw failure
    }
    guard !services.settings.acceptsPushes, route.repository != nil else { return }
    if case .upload = route, request.method == .put { return }
    throw OCIFailure(.unsupported, "the registry takes no pushes at the moment")
  }

  private static let base = Answer.json(.ok, Array("{}".utf8))
}

extension Route {
  /// Whether a request that is no read changes something there: not at the token endpoint, where POST is a login.
  fileprivate var isChangeable: Bool {
    switch self {
    case .admin: true
    default: repository != nil
    }
  }
}

extension RegistryRequest {
  /// Whether the request would change something in a repository.
  var changesSomething: Bool { method != .get && method != .head && method != .options }
}
