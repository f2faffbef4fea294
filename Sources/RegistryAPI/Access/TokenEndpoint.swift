import HTTPTypes
import NIOCore
import Shared

/// `/v2/auth`: hands out tokens by GET with Basic (distribution's token specification) and by POST with a form (OAuth2).
struct TokenEndpoint: Sendable {
  /// A form longer than this is refused (security rule 17).
  static let maximumFormBytes = 64 << 10

  let gate: AccessGate

  /// Answers the GET form: Basic credentials, or none for an anonymous token that grants nothing here.
  func issue(query: QueryParameters, authorization: String?, now: Int64) async throws -> Answer {
    guard case .superusers(let directory, let authority) = gate.mode else { throw Self.disabled }
    try checkService(query["service"])
    var subject = ""
    if let authorization {
      guard case .basic(let user, let password) = Credentials(header: authorization),
        directory.accepts(user: user, password: password)
      else { throw Self.refused }
      subject = user
    }
    let grants = subject.isEmpty ? [] : TokenScope.parse(query.all("scope"))
    return try await answer(authority, subject: subject, grants: grants, now: now, extra: { _ in })
  }

  /// Answers the POST form with `grant_type=password`; other grants are refused with 400, after which clients use GET.
  func issue(form: QueryParameters, now: Int64) async throws -> Answer {
    guard case .superusers(let directory, let authority) = gate.mode else { throw Self.disabled }
    try checkService(form["service"])
    guard form["grant_type"] == "password" else {
      throw OCIFailure(.unsupported, status: .badRequest, "only grant_type=password is supported")
    }
    guard let user = form["username"], let password = form["password"],
      directory.accepts(user: user, password: Secret(password))
    else { throw Self.refused }
    let grants = TokenScope.parse(form.all("scope"))
    let scope = grants.map { "\($0.type):\($0.name):\($0.actions.joined(separator: ","))" }.joined(separator: " ")
    return try await answer(authority, subject: user, grants: grants, now: now) { $0.member("scope", scope) }
  }

  private func checkService(_ service: String?) throws(OCIFailure) {
    guard service == nil || service == gate.origin.service else {
      throw OCIFailure(.unsupported, status: .badRequest, "unknown service")
    }
  }

  private func answer(
    _ authority: TokenAuthority, subject: String, grants: [AccessGrant], now: Int64, extra: (inout JSONText) -> Void
  ) async throws -> Answer {
    let issued = try await authority.issue(subject: subject, grants: grants, now: now)
    var json = JSONText()
    json.object {
      $0.member("token", issued.token.revealed)
      $0.member("access_token", issued.token.revealed)
      $0.member("expires_in", TokenAuthority.lifetimeSeconds)
      $0.member("issued_at", WallClock.rfc3339(secondsSinceEpoch: issued.issuedAt))
      extra(&$0)
    }
    var answer = Answer.json(.ok, json.bytes)
    answer.fields[.cacheControl] = "no-store"
    return answer
  }

  private static var refused: OCIFailure {
    var failure = OCIFailure(.unauthorized, "the user name or password is wrong")
    failure.fields[.cacheControl] = "no-store"
    return failure
  }

  private static let disabled = OCIFailure(.unsupported, status: .notFound, "authentication is off")
}
