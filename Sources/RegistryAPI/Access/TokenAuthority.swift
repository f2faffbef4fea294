import JWTKit
import Shared

/// Issues and verifies the registry's bearer tokens: HS256 with a key derived from `SECRET_KEY`, so that every region
/// accepts every region's tokens.
struct TokenAuthority: Sendable {
  /// How long a token is good for (wire C.3: 60 seconds at least).
  static let lifetimeSeconds: Int64 = 300
  /// Clocks of two regions may differ by this much.
  static let leewaySeconds: Int64 = 60
  static let maximumTokenBytes = 16 << 10

  /// Why a token is not accepted.
  enum Refusal: Error, Equatable {
    case malformed
    case unknownKey
    case badSignature
    case wrongIssuer
    case wrongAudience
    case expired
    case notYetValid
  }

  /// A token as it is handed out.
  struct Issued: Sendable {
    let token: Secret
    let issuedAt: Int64
  }

  private let service: String
  private let keys: JWTKeyCollection
  private let keyID: String

  /// Derives the key from the secret; `service` is issuer and audience.
  init(secret: Secret, service: String) async {
    self.service = service
    let key = Digest(of: Array("meridian/token/hs256/1\n".utf8) + Array(secret.revealed.utf8))
    keyID = String(Digest(of: Array("meridian/token/key-id\n\(key.hex)".utf8)).hex.prefix(16))
    keys = JWTKeyCollection()
    await keys.add(
      hmac: HMACKey(from: Hexadecimal.decode(key.hex) ?? []), digestAlgorithm: .sha256,
      kid: JWKIdentifier(string: keyID))
  }

  /// Signs a token for `subject` with exactly these grants.
  func issue(subject: String, grants: [AccessGrant], now: Int64) async throws -> Issued {
    let claims = TokenClaims(
      iss: service, sub: subject, aud: service, exp: now + Self.lifetimeSeconds, nbf: now - 1, iat: now,
      jti: RandomIdentifier().hex, access: grants)
    let token = try await keys.sign(claims, kid: JWKIdentifier(string: keyID))
    return Issued(token: Secret(token), issuedAt: now)
  }

  /// Checks form, algorithm, key, signature and claims, in this order (security rule 12).
  ///
  /// The header is checked before any key is looked up, and no key material from a token is ever used.
  func verify(_ token: Secret, now: Int64) async throws(Refusal) -> TokenClaims {
    let text = token.revealed
    guard text.utf8.count <= Self.maximumTokenBytes else { throw .malformed }
    let header = try TokenHeader(ofToken: text)
    guard header.keyID == keyID else { throw .unknownKey }
    let claims: TokenClaims
    do {
      claims = try await keys.verify(text, as: TokenClaims.self)
    } catch let error as JWTError where error.errorType == .malformedToken {
      throw .malformed
    } catch {
      throw .badSignature
    }
    guard claims.iss == service else { throw .wrongIssuer }
    guard claims.aud == service else { throw .wrongAudience }
    guard claims.exp > now.subtractingClamped(Self.leewaySeconds) else { throw .expired }
    guard claims.nbf <= now.addingClamped(Self.leewaySeconds) else { throw .notYetValid }
    return claims
  }
}

extension Int64 {
  fileprivate func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }

  fileprivate func subtractingClamped(_ other: Int64) -> Int64 {
    let (difference, overflows) = subtractingReportingOverflow(other)
    return overflows ? .min : difference
  }
}
