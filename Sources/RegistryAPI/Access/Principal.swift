import Shared

/// Who makes a request, and what they may do.
struct Principal: Sendable, Hashable {
  /// The name upload sessions are bound to (security rule 4); empty for a client that has not said who it is.
  let name: String
  let authority: Authority

  /// What a principal's rights come from.
  enum Authority: Sendable, Hashable {
    /// Everything: a superuser, or anybody where `AUTHENTICATION_TYPE` is `None`.
    case everything
    /// What a token grants, and nothing else.
    case grants([AccessGrant])
  }

  /// Everybody, where authentication is off.
  static let unauthenticatedOperator = Principal(name: "anonymous", authority: .everything)

  /// Whether the principal may do all that `requirement` names.
  func allows(_ requirement: AccessRequirement) -> Bool {
    guard case .grants(let grants) = authority else { return true }
    switch requirement {
    case .nothing, .identity: return true
    case .superuser: return false
    case .visible(let name): return allows(.repository(name, [.pull]))
    case .repository(let name, let actions):
      return actions.allSatisfy { action in
        grants.contains {
          $0.type == "repository" && $0.name == name.description && $0.actions.contains(action.rawValue)
        }
      }
    case .catalog:
      return grants.contains { $0.type == "registry" && $0.name == "catalog" && $0.actions.contains("*") }
    }
  }
}

/// One entry of a token's `access` claim (distribution's token specification).
struct AccessGrant: Sendable, Hashable, Codable {
  let type: String
  let name: String
  let actions: [String]
}
