import JWTKit

/// The claims of our tokens, plainly typed so that no decoder of a claim can trap on hostile input.
struct TokenClaims: JWTPayload, Equatable {
  let iss: String
  let sub: String
  let aud: String
  /// Seconds since the epoch, as are `nbf` and `iat`.
  let exp: Int64
  let nbf: Int64
  let iat: Int64
  let jti: String
  let access: [AccessGrant]?

  /// Does nothing: `TokenAuthority` checks every claim against its own clock and names.
  func verify(using algorithm: some JWTAlgorithm) throws {}
}
