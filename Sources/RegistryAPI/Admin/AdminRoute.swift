import HTTPTypes
import Shared

/// What a path below `/api/v1/replication` names; the method is judged separately.
enum AdminRoute: Sendable, Hashable {
  /// `/locations`: how far replication has come everywhere.
  case locations
  /// `/namespaces/<namespace>`
  case namespace(String)
  /// `/namespaces/<namespace>/locations`: where its blobs must be (G9).
  case namespaceLocations(String)
  /// `/repositories/<name>`
  case repository(RepositoryName)
  /// `/repositories/<name>/images/<tag or digest>`
  case image(RepositoryName, Reference)
  /// `/jobs`
  case jobs
  /// `/jobs/<number>`
  case job(JobID)
  /// `/at-risk`: the blobs with exactly one verified copy.
  case atRisk
}

extension AdminRoute {
  static let root = "/api/v1/replication"

  /// The methods the route answers, in the order the `Allow` header lists them.
  var allowedMethods: [HTTPRequest.Method] {
    switch self {
    case .namespaceLocations: [.get, .head, .put, .options]
    case .locations, .namespace, .repository, .image, .jobs, .job, .atRisk: [.get, .head, .options]
    }
  }

  /// The explicit table of what each route needs; the place where finer permissions come in.
  ///
  /// OPTIONS says nothing that is not public. What is told of a repository is for those who may pull from it; to others
  /// it looks as if it did not exist (I11). Everything that speaks of the whole registry is for superusers.
  func requirement(of method: HTTPRequest.Method) -> AccessRequirement {
    if method == .options { return .nothing }
    return switch self {
    case .repository(let name), .image(let name, _): .visible(name)
    case .locations, .namespace, .namespaceLocations, .jobs, .job, .atRisk: .superuser
    }
  }
}
