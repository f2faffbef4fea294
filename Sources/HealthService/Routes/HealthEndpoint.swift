import Shared

/// What can be asked of the health service and is answered from what is known already.
enum HealthEndpoint: Sendable, Hashable {
  /// `/livez`: the process runs.
  case livez
  /// `/readyz`: the process knows something, however bad.
  case readyz
  /// `/health`, `/health/instance`: this region, with Quay's body.
  case instance
  /// `/health/endtoend`, `/status`: the same, pushes and stores included.
  case endToEnd
  /// `/health/warning`: what wants attention and takes nothing out.
  case warning
  /// `/health/dbrevision`: the schema that is, and the one this program was made for.
  case databaseRevision
  /// `/health/regions`: every region's verdict.
  case regions
  /// `/health/region/NAME?for=read|write`.
  case region(String, TrafficQuestion)

  /// What a request target turned out to ask for.
  enum Reading: Sendable, Equatable {
    case endpoint(HealthEndpoint)
    /// `for` is neither `read` nor `write`, or both.
    case badQuestion
    /// Something else: the page, the metrics, or nothing there is.
    case elsewhere
  }

  /// Longer request targets are refused (414) before anything looks at them.
  static let maximumTargetBytes = 2048

  /// Reads the path, not decoded, and the query, without its `?`.
  static func reading(path: Substring, query: Substring?) -> Reading {
    switch path {
    case "/livez": return .endpoint(.livez)
    case "/readyz": return .endpoint(.readyz)
    case "/health", "/health/instance": return .endpoint(.instance)
    case "/health/endtoend", "/status": return .endpoint(.endToEnd)
    case "/health/warning": return .endpoint(.warning)
    case "/health/dbrevision": return .endpoint(.databaseRevision)
    case "/health/regions": return .endpoint(.regions)
    default: break
    }
    let prefix = "/health/region/"
    // Only what may be a region's name is looked up: nothing has to be decoded.
    guard path.hasPrefix(prefix), (try? RegionName(parsing: String(path.dropFirst(prefix.count)))) != nil else {
      return .elsewhere
    }
    guard let question = question(in: query) else { return .badQuestion }
    return .endpoint(.region(String(path.dropFirst(prefix.count)), question))
  }

  /// Reads a request target in origin form (RFC 9112 section 3.2.1); other forms are `elsewhere`.
  static func reading(target: String) -> Reading {
    guard target.utf8.first == UInt8(ascii: "/") else { return .elsewhere }
    guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else {
      return reading(path: target[...], query: nil)
    }
    return reading(path: target[..<mark], query: target[target.utf8.index(after: mark)...])
  }

  /// The direction `for` names, `both` without it; parameters of other names, as checkers add them, are ignored.
  private static func question(in query: Substring?) -> TrafficQuestion? {
    var found: TrafficQuestion?
    for parameter in query?.split(separator: "&") ?? [] where parameter.hasPrefix("for=") || parameter == "for" {
      guard let question = TrafficQuestion(rawValue: String(parameter.dropFirst(4))), found ?? question == question
      else { return nil }
      found = question
    }
    return found ?? .both
  }
}
