import HTTPTypes
import Shared

/// What a request needs to be allowed.
enum AccessRequirement: Sendable, Hashable {
  /// Nothing: the token endpoint.
  case nothing
  /// Any valid credentials: `/v2/`.
  case identity
  /// Actions in one repository.
  case repository(RepositoryName, [RepositoryAction])
  /// To see that a repository exists: whoever may not pull from it is told that it does not.
  case visible(RepositoryName)
  /// The list of all repositories.
  case catalog
  /// Operators only.
  case superuser

  /// The scope a challenge asks for, or nil where the requirement has none (wire check 4).
  var scope: String? {
    switch self {
    case .nothing, .identity, .superuser: nil
    case .repository(let name, let actions): "repository:\(name):\(actions.map(\.rawValue).joined(separator: ","))"
    case .visible(let name): "repository:\(name):pull"
    case .catalog: "registry:catalog:*"
    }
  }
}

/// What can be done in a repository.
enum RepositoryAction: String, Sendable, Hashable, CaseIterable {
  case pull, push, delete
}

extension Route {
  /// The explicit table of verbs and what they need (security rule 6); the caller has checked the method.
  func requirement(of method: HTTPRequest.Method) -> AccessRequirement {
    switch self {
    case .base: .identity
    case .token: .nothing
    case .catalog: .catalog
    case .metrics: .superuser
    case .admin(let route): route.requirement(of: method)
    case .tags(let name), .referrers(let name, _): .repository(name, [.pull])
    case .uploads(let name), .upload(let name, _): .repository(name, [.pull, .push])
    case .manifest(let name, _), .blob(let name, _):
      switch method {
      case .get, .head: .repository(name, [.pull])
      case .delete: .repository(name, [.delete])
      default: .repository(name, [.pull, .push])
      }
    }
  }
}
