import HTTPTypes
import Testing

@testable import RegistryAPI

@Suite("Host selection and challenges")
struct HostSelectionTests {
  private let origin = RegistryOrigin(
    scheme: "https", serverHostname: "registry.example.com", regionHostnames: ["EU.example.com:5000"])

  @Test("a Host that is ours is used, any other is not")
  func hosts() {
    #expect(origin.host(for: "registry.example.com") == "registry.example.com")
    #expect(origin.host(for: "eu.example.com:5000") == "eu.example.com:5000")
    #expect(origin.host(for: "EU.EXAMPLE.COM:5000") == "eu.example.com:5000")
    for foreign in ["evil.example", "eu.example.com", "eu.example.com:5000.evil", "x\r\nSet-Cookie: y", ""] {
      #expect(origin.host(for: foreign) == "registry.example.com")
    }
    #expect(origin.host(for: nil) == "registry.example.com")
    #expect(origin.realm(for: "eu.example.com:5000") == "https://eu.example.com:5000/v2/auth")
  }

  @Test("challenges are quoted and ordered as clients parse them")
  func challenge() {
    var challenge = Challenge(realm: "https://r/v2/auth", service: "r", scope: nil)
    #expect(challenge.headerValue == #"Bearer realm="https://r/v2/auth",service="r""#)
    challenge = Challenge(
      realm: "https://r/v2/auth", service: "r", scope: "repository:a/b:pull,push", reason: .insufficientScope)
    #expect(
      challenge.headerValue
        == #"Bearer realm="https://r/v2/auth",service="r",scope="repository:a/b:pull,push",error="insufficient_scope""#)
    #expect(challenge.failure.status == .unauthorized)
    #expect(challenge.failure.fields[.wwwAuthenticate] == challenge.headerValue)
  }
}
