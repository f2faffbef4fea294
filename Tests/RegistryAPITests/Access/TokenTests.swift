import FoundationEssentials
import HTTPTypes
import JWTKit
import Shared
import Testing

@testable import RegistryAPI

@Suite("Tokens")
struct TokenTests {
  private let now: Int64 = 1_900_000_000
  private let grants = [AccessGrant(type: "repository", name: "a/b", actions: ["pull", "push"])]

  private func authority(secret: String = "0123456789abcdef", service: String = "r.example") async -> TokenAuthority {
    await TokenAuthority(secret: Secret(secret), service: service)
  }

  private func refusal(_ token: String, by authority: TokenAuthority, now: Int64) async -> TokenAuthority.Refusal? {
    do throws(TokenAuthority.Refusal) {
      _ = try await authority.verify(Secret(token), now: now)
      return nil
    } catch {
      return error
    }
  }

  private func base64url(_ text: String) -> String {
    Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  @Test("what is issued verifies, in every region that has the secret")
  func roundTrip() async throws {
    let token = try await authority().issue(subject: "admin", grants: grants, now: now).token
    let claims = try await authority().verify(token, now: now + 10)
    #expect(claims.sub == "admin")
    #expect(claims.access == grants)
    #expect(claims.exp == now + TokenAuthority.lifetimeSeconds)
  }

  @Test("expired, early, foreign and wrongly signed tokens are refused")
  func refusals() async throws {
    let ours = await authority()
    let token = try await ours.issue(subject: "admin", grants: grants, now: now).token.revealed
    #expect(await refusal(token, by: ours, now: now + 300 + 61) == .expired)
    #expect(await refusal(token, by: ours, now: now + 300 + 59) == nil)
    #expect(await refusal(token, by: ours, now: now - 120) == .notYetValid)
    #expect(await refusal(token, by: authority(secret: "another secret of length"), now: now) == .unknownKey)
    #expect(await refusal(token, by: authority(service: "other.example"), now: now) == .wrongIssuer)
    let parts = token.split(separator: ".").map(String.init)
    let flipped = parts[2].hasPrefix("A") ? "B" + parts[2].dropFirst() : "A" + parts[2].dropFirst()
    #expect(await refusal("\(parts[0]).\(parts[1]).\(flipped)", by: ours, now: now) == .badSignature)
    #expect(await refusal("\(parts[0]).\(parts[1])", by: ours, now: now) == .malformed)
    #expect(await refusal("\(token).x", by: ours, now: now) == .malformed)
    #expect(await refusal("\(parts[0]).\(parts[1]).", by: ours, now: now) == .malformed)
    #expect(await refusal(token + "=", by: ours, now: now) == .malformed)
    #expect(await refusal(String(repeating: "a", count: 17 << 10), by: ours, now: now) == .malformed)
  }

  @Test("headers with another algorithm, key material or repeated members are refused")
  func headers() async throws {
    let ours = await authority()
    let token = try await ours.issue(subject: "admin", grants: grants, now: now).token.revealed
    let parts = token.split(separator: ".").map(String.init)
    let keyID = try TokenHeader(ofToken: token).keyID
    let headers = [
      #"{"alg":"none","typ":"JWT"}"#, #"{"alg":"none","typ":"JWT","kid":"\#(keyID)"}"#,
      #"{"alg":"HS512","typ":"JWT","kid":"\#(keyID)"}"#, #"{"alg":"RS256","typ":"JWT","kid":"\#(keyID)"}"#,
      #"{"alg":"hs256","typ":"JWT","kid":"\#(keyID)"}"#, #"{"alg":"HS256","typ":"JWT"}"#,
      #"{"alg":"HS256","typ":"JWT","kid":"\#(keyID)","jwk":"{}"}"#,
      #"{"alg":"HS256","typ":"JWT","kid":"\#(keyID)","jku":"https://evil"}"#,
      #"{"alg":"HS256","typ":"JWT","kid":"\#(keyID)","x5c":["a"]}"#,
      #"{"alg":"none","alg":"HS256","typ":"JWT","kid":"\#(keyID)"}"#, #"[]"#, #"{"alg":"HS256","kid":5}"#, "not json",
    ]
    for header in headers {
      #expect(
        await refusal("\(base64url(header)).\(parts[1]).\(parts[2])", by: ours, now: now) == .malformed, "\(header)")
    }
    let unknown = #"{"alg":"HS256","typ":"JWT","kid":"a/b"}"#
    #expect(await refusal("\(base64url(unknown)).\(parts[1]).\(parts[2])", by: ours, now: now) == .unknownKey)
  }

  @Test("base64url that is not canonical is refused")
  func canonical() async throws {
    let ours = await authority()
    let token = try await ours.issue(subject: "admin", grants: grants, now: now).token.revealed
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    // 32 bytes of signature leave 43 characters: the last has two unused bits.
    let last = try #require(token.last.flatMap { alphabet.firstIndex(of: $0) })
    let sameBytes = String(token.dropLast()) + String(alphabet[last | 1])
    #expect(sameBytes != token)
    #expect(await refusal(sameBytes, by: ours, now: now) == .malformed)
  }

  @Test("claims of another shape or audience are refused although they are signed with the key")
  func claims() async throws {
    let ours = await authority()
    let token = try await ours.issue(subject: "admin", grants: grants, now: now).token.revealed
    let keyID = try TokenHeader(ofToken: token).keyID
    let key = Digest(of: Array("meridian/token/hs256/1\n0123456789abcdef".utf8))
    let keys = JWTKeyCollection()
    await keys.add(
      hmac: HMACKey(from: try #require(Hexadecimal.decode(key.hex))), digestAlgorithm: .sha256,
      kid: JWKIdentifier(string: keyID))
    func signed(aud: String, exp: Int64) async throws -> String {
      let claims = TokenClaims(
        iss: "r.example", sub: "s", aud: aud, exp: exp, nbf: now, iat: now, jti: "x", access: nil)
      return try await keys.sign(claims, kid: JWKIdentifier(string: keyID))
    }
    #expect(await refusal(try await signed(aud: "r.example", exp: now + 60), by: ours, now: now) == nil)
    #expect(await refusal(try await signed(aud: "evil.example", exp: now + 60), by: ours, now: now) == .wrongAudience)
    #expect(await refusal(try await signed(aud: "r.example", exp: .min), by: ours, now: now) == .expired)
    let bare = try await keys.sign(OnlySubject(sub: "s"), kid: JWKIdentifier(string: keyID))
    #expect(await refusal(bare, by: ours, now: now) == .malformed)
  }

  private struct OnlySubject: JWTPayload {
    let sub: String
    func verify(using algorithm: some JWTAlgorithm) throws {}
  }

  @Test("scopes are intersected, in any order and form, and never an error")
  func scopes() {
    let parsed = TokenScope.parse([
      "repository:a/b:push,pull repository:c:*", "repository(plugin):p:pull", "registry:catalog:*",
      "repository:../x:pull",
      "nonsense", "repository::pull", "repository:x:", "unknown:x:pull", "registry:other:*", "repository:h:5000/x:pull",
    ])
    #expect(parsed.map(\.name) == ["a/b", "c", "p", "catalog"])
    #expect(parsed.map(\.actions) == [["pull", "push"], ["pull", "push", "delete"], ["pull"], ["*"]])
    #expect(TokenScope.parse([""]).isEmpty)
    #expect(TokenScope.parse(Array(repeating: "repository:a:pull", count: 1000)).count == TokenScope.maximumCount)
  }
}
