import FoundationEssentials
import HTTPTypes
import Shared
import Testing

@testable import RegistryAPI

@Suite("Access gate")
struct AccessGateTests {
  private let now: Int64 = 1_900_000_000

  private func gate() async -> (AccessGate, TokenAuthority) {
    let origin = RegistryOrigin(scheme: "http", serverHostname: "r.example", regionHostnames: [])
    let authority = await TokenAuthority(secret: Secret("0123456789abcdef"), service: "r.example")
    let directory = SuperuserDirectory(names: ["admin", "root"], password: Secret("pa:ss wörd"))
    let now = now
    return (AccessGate(mode: .superusers(directory, authority), origin: origin, now: { now }), authority)
  }

  private func basic(_ text: String) -> String { "Basic " + Data(text.utf8).base64EncodedString() }

  private func refusal(
    _ gate: AccessGate, _ authorization: String?, _ requirement: AccessRequirement
  ) async -> String? {
    do throws(OCIFailure) {
      _ = try await gate.admit(authorization: authorization, host: "r.example", requirement: requirement)
      return nil
    } catch {
      return error.fields[.wwwAuthenticate] ?? "none"
    }
  }

  @Test("Basic: the right pair passes, everything else gets the same challenge")
  func basicCredentials() async throws {
    let (gate, _) = await gate()
    let principal = try await gate.admit(
      authorization: basic("admin:pa:ss wörd"), host: nil, requirement: .identity)
    #expect(principal.name == "admin")
    #expect(principal.allows(.catalog))
    let challenge = await refusal(gate, nil, .identity)
    #expect(challenge == #"Bearer realm="http://r.example/v2/auth",service="r.example""#)
    for wrong in ["admin:wrong", "nobody:pa:ss wörd", "admin:", ":pa:ss wörd", "Admin:pa:ss wörd", "admin"] {
      #expect(await refusal(gate, basic(wrong), .identity)?.hasPrefix(challenge ?? "x") == true, "\(wrong)")
    }
    #expect(
      try await gate.admit(
        authorization: basic("root:pa:ss wörd").replacing("Basic", with: "bAsIc"), host: nil,
        requirement: .identity
      ).name == "root")
    #expect(await refusal(gate, "Basic !!!", .identity)?.contains("invalid_token") == true)
    #expect(await refusal(gate, "Digest x", .identity)?.contains("invalid_token") == true)
    #expect(await refusal(gate, "Basic " + String(repeating: "A", count: 1 << 20), .identity) != nil)
  }

  @Test("without a password nobody logs in")
  func noPassword() {
    #expect(!SuperuserDirectory(names: ["a"], password: nil).accepts(user: "a", password: Secret("no password is set")))
    #expect(!SuperuserDirectory(names: ["a"], password: Secret("")).accepts(user: "a", password: Secret("")))
  }

  @Test("a token does what it grants and not more; what lacks is named in full")
  func tokens() async throws {
    let (gate, authority) = await gate()
    let repository = try RepositoryName(parsing: "a/b")
    let grants = [AccessGrant(type: "repository", name: "a/b", actions: ["pull"])]
    let token = "bearer " + (try await authority.issue(subject: "admin", grants: grants, now: now).token.revealed)
    #expect(await refusal(gate, token, .repository(repository, [.pull])) == nil)
    #expect(await refusal(gate, token, .identity) == nil)
    let lacking = try #require(await refusal(gate, token, .repository(repository, [.pull, .push])))
    #expect(lacking.contains(#"scope="repository:a/b:pull,push""#))
    #expect(lacking.contains(#"error="insufficient_scope""#))
    #expect(await refusal(gate, token, .repository(try RepositoryName(parsing: "a/bc"), [.pull])) != nil)
    #expect(await refusal(gate, token, .repository(repository, [.delete])) != nil)
    #expect(await refusal(gate, token, .catalog)?.contains(#"scope="registry:catalog:*""#) == true)
    #expect(await refusal(gate, token, .superuser) != nil)
    #expect(await refusal(gate, "Bearer garbage", .identity)?.contains(#"error="invalid_token""#) == true)
  }

  @Test("verified tokens are cached until they expire, in bounds")
  func cache() throws {
    let cache = TokenCache(capacity: 2)
    let principal = Principal(name: "x", authority: .everything)
    let digests = (0..<4).map { Digest(of: [UInt8($0)]) }
    cache.store(principal, for: digests[0], expiresAt: 10, now: 0)
    #expect(cache.principal(for: digests[0], now: 9) == principal)
    #expect(cache.principal(for: digests[0], now: 10) == nil)
    for digest in digests { cache.store(principal, for: digest, expiresAt: 100, now: 11) }
    #expect(digests.count { cache.principal(for: $0, now: 12) != nil } <= 2)
  }

  @Test("the table of verbs and actions")
  func verbs() throws {
    let name = try RepositoryName(parsing: "a")
    let manifest = Route.manifest(name, try Reference(parsing: "t"))
    #expect(manifest.requirement(of: .get) == .repository(name, [.pull]))
    #expect(manifest.requirement(of: .head) == .repository(name, [.pull]))
    #expect(manifest.requirement(of: .put) == .repository(name, [.pull, .push]))
    #expect(manifest.requirement(of: .delete) == .repository(name, [.delete]))
    let upload = Route.upload(name, nil)
    for method in upload.allowedMethods {
      #expect(upload.requirement(of: method) == .repository(name, [.pull, .push]))
    }
    #expect(Route.uploads(name).requirement(of: .post) == .repository(name, [.pull, .push]))
    #expect(Route.catalog.requirement(of: .get) == .catalog)
    #expect(Route.metrics.requirement(of: .get) == .superuser)
    #expect(Route.tags(name).requirement(of: .get) == .repository(name, [.pull]))
  }
}
