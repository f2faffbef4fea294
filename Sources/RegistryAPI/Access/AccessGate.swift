import HTTPTypes
import Shared

/// Decides who a request comes from and whether it may do what it asks; the one place access is decided.
struct AccessGate: Sendable {
  /// How clients prove who they are.
  enum Mode: Sendable {
    /// Everybody may do everything; start-up allows it on loopback only.
    case open
    case superusers(SuperuserDirectory, TokenAuthority)
  }

  let mode: Mode
  let origin: RegistryOrigin
  private let cache: TokenCache
  private let now: @Sendable () -> Int64

  /// Makes a gate; `now` is in seconds since the epoch.
  init(
    mode: Mode, origin: RegistryOrigin, cache: TokenCache = TokenCache(),
    now: @escaping @Sendable () -> Int64 = { WallClock.secondsSinceEpoch() }
  ) {
    self.mode = mode
    self.origin = origin
    self.cache = cache
    self.now = now
  }

  /// Lets the request through as its principal, or throws the 401 that names what is missing.
  ///
  /// A credential that is given and wrong never falls through to what nobody needs to prove (wire check 6).
  func admit(authorization: String?, host: String?, requirement: AccessRequirement) async throws(OCIFailure)
    -> Principal
  {
    guard case .superusers(let directory, let authority) = mode else { return .unauthenticatedOperator }
    if case .nothing = requirement { return Principal(name: "", authority: .grants([])) }
    guard let authorization else { throw challenge(requirement, host: host, reason: nil).failure }
    let principal: Principal
    switch Credentials(header: authorization) {
    case .basic(let user, let password):
      guard directory.accepts(user: user, password: password) else {
        throw challenge(requirement, host: host, reason: nil).failure
      }
      principal = Principal(name: user, authority: .everything)
    case .bearer(let token):
      principal = try await verified(token, authority, requirement, host: host)
    case nil:
      throw challenge(requirement, host: host, reason: .invalidToken).failure
    }
    guard principal.allows(requirement) else {
      if case .visible = requirement { throw .nothingToSee }
      var failure = challenge(requirement, host: host, reason: .insufficientScope).failure
      // No token grants it, so there is nothing to come back with (RFC 6750 section 3.1).
      if case .superuser = requirement { failure.status = .forbidden }
      throw failure
    }
    return principal
  }

  private func verified(
    _ token: Secret, _ authority: TokenAuthority, _ requirement: AccessRequirement, host: String?
  ) async throws(OCIFailure) -> Principal {
    let hash = Digest(of: Array(token.revealed.utf8))
    let now = now()
    if let known = cache.principal(for: hash, now: now) { return known }
    do {
      let claims = try await authority.verify(token, now: now)
      let principal = Principal(name: claims.sub, authority: .grants(claims.access ?? []))
      cache.store(principal, for: hash, expiresAt: claims.exp, now: now)
      return principal
    } catch {
      var failure = challenge(requirement, host: host, reason: .invalidToken).failure
      failure.cause = "token refused: \(error)"
      throw failure
    }
  }

  /// The challenge for a requirement, on the name the request was sent to.
  func challenge(_ requirement: AccessRequirement, host: String?, reason: Challenge.Reason?) -> Challenge {
    Challenge(realm: origin.realm(for: host), service: origin.service, scope: requirement.scope, reason: reason)
  }
}
