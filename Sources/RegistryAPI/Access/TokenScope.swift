import Shared

/// The scopes a client asks the token endpoint for.
///
/// Scopes are intersected with what the account may do, never refused (security rule 11): malformed ones, unknown types
/// and unknown actions are dropped.
enum TokenScope {
  /// More scopes than this are dropped.
  static let maximumCount = 100

  /// Parses the values of all `scope` parameters, each of which may hold several scopes separated by spaces.
  static func parse(_ values: [String]) -> [AccessGrant] {
    values.flatMap { $0.split(separator: " ") }.prefix(maximumCount).compactMap(parse)
  }

  /// `type:name:actions`; the name may hold a colon, so it is split at the first and the last one.
  private static func parse(_ text: Substring) -> AccessGrant? {
    guard let first = text.firstIndex(of: ":"), let last = text.lastIndex(of: ":"), first < last else { return nil }
    let name = text[text.index(after: first)..<last]
    let actions = Set(text[text.index(after: last)...].split(separator: ",").map(String.init))
    // `repository(plugin)` names a class of content of the same repository.
    switch text[..<first].prefix(while: { $0 != "(" }) {
    case "repository":
      let known = RepositoryAction.allCases.map(\.rawValue).filter { actions.contains($0) || actions.contains("*") }
      guard isRepositoryName(name), !known.isEmpty else { return nil }
      return AccessGrant(type: "repository", name: String(name), actions: known)
    case "registry":
      guard name == "catalog", actions.contains("*") else { return nil }
      return AccessGrant(type: "registry", name: "catalog", actions: ["*"])
    default: return nil
    }
  }

  private static func isRepositoryName(_ text: Substring) -> Bool {
    // The reason a name is refused does not matter here: such a scope is dropped.
    (try? RepositoryName(parsing: text)) != nil
  }
}
