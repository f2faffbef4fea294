import HTTPTypes

/// The 401 that tells a client where to get a token and for what (RFC 6750 section 3, distribution's token specification).
struct Challenge: Sendable {
  /// Why the credentials that were given are not enough; none were given where nil.
  enum Reason: String, Sendable {
    case invalidToken = "invalid_token"
    case insufficientScope = "insufficient_scope"
  }

  let realm: String
  let service: String
  let scope: String?
  var reason: Reason?

  /// The value of `WWW-Authenticate`; every part is quoted, and nothing in it comes from the client but a checked scope.
  var headerValue: String {
    var value = "Bearer realm=\"\(realm)\",service=\"\(service)\""
    if let scope { value += ",scope=\"\(scope)\"" }
    if let reason { value += ",error=\"\(reason.rawValue)\"" }
    return value
  }

  /// The failure that carries the challenge; the same body whatever exists (security rule 10, invariant I11).
  var failure: OCIFailure {
    var failure = OCIFailure(.unauthorized, "authentication required")
    failure.fields[.wwwAuthenticate] = headerValue
    failure.fields[.cacheControl] = "no-store"
    return failure
  }
}
