import FoundationEssentials
import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Connections", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct ConnectionTests {
  @Test("ping, and what every answer has")
  func ping() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let answer = try await registry.api.send("GET", "/v2/")
      #expect(answer.status == 200)
      #expect(answer.text == "{}")
      #expect(answer["content-type"] == "application/json")
      #expect(answer["docker-distribution-api-version"] == "registry/2.0")
      #expect(answer["date"]?.hasSuffix("GMT") == true)
      #expect(answer["x-request-id"]?.count == 32)
      let metrics = try await registry.api.send("GET", "/metrics")
      #expect(metrics.status == 200)
      #expect(metrics.text.contains("meridian_api_requests_total{method=\"GET\",route=\"base\",status=\"2xx\"} 1"))
    }
  }

  @Test("a connection survives errors whose body was read")
  func keepAlive() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let client = try await WireClient.connect(port: registry.api.port)
      #expect(try await client.exchange("GET", "/v2/no/such/tags/list").status == 404)
      #expect(try await client.exchange("PUT", "/v2/a/manifests/x", body: Array("{".utf8)).status == 400)
      #expect(try await client.exchange("PUT", "/v2/A/manifests/x", body: Array("{}".utf8)).status == 400)
      #expect(try await client.exchange("DELETE", "/v2/").status == 405)
      #expect(try await client.exchange("HEAD", "/v2/no/such/manifests/x").status == 404)
      #expect(try await client.exchange("GET", "/v2/").status == 200)
      await client.close()
    }
  }

  @Test("a large body nobody wants closes the connection after the answer")
  func unwantedBody() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send(WireClient.head("PUT", "/v2/A/manifests/x", length: 64 << 20))
      try await client.send([UInt8](repeating: 0, count: 1 << 20))
      let answer = try await client.answer()
      #expect(answer.status == 400)
      #expect(answer["connection"] == "close")
      #expect(await client.isClosed())
    }
  }

  @Test("100 Continue is sent when the body is wanted, and not before")
  func expectContinue() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(1000)
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send(
        WireClient.head(
          "POST", "/v2/team/app/blobs/uploads/?digest=\(Digest(of: bytes))", headers: ["Expect": "100-continue"],
          length: bytes.count))
      #expect(try await client.answer().status == 100)
      try await client.send(bytes)
      #expect(try await client.answer().status == 201)
      await client.close()
      let refused = try await WireClient.connect(port: registry.api.port)
      try await refused.send(
        WireClient.head("PUT", "/v2/A/manifests/x", headers: ["Expect": "100-continue"], length: bytes.count))
      let answer = try await refused.answer()
      #expect(answer.status == 400)
      #expect(answer["connection"] == "close")
      await refused.close()
    }
  }

  @Test(
    "what could be read in two ways is refused and the connection closed",
    arguments: [
      "GET /v2/ HTTP/1.1\r\nHost: r\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET /v2/ HTTP/1.1\r\nHost: r\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      "GET /v2/ HTTP/1.1\r\nHost: r\r\nContent-Length: +5\r\n\r\nhello",
      "GET /v2/ HTTP/1.1\r\nHost : r\r\n\r\n",
      "GET /v2/ HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: xchunked\r\n\r\n",
      "POST /v2/auth HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF1\r\n",
      "nonsense\r\n\r\n",
    ])
  func smuggling(_ request: String) async throws {
    try await RegistryFixture.with { (registry) async throws in
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send(request)
      do {
        let answer = try await client.answer()
        #expect(answer.status == 400 || answer.status == 404)
      } catch WireClient.Failure.closedEarly {
        // Closed without an answer is as good.
      }
      #expect(await client.isClosed())
    }
  }

  @Test("oversized URLs and heads, encodings and odd methods are refused")
  func limits() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let long = String(repeating: "a", count: 9 << 10)
      #expect(try await registry.api.send("GET", "/v2/\(long)").status == 414)
      let head = try await registry.api.send("GET", "/v2/", headers: ["X": String(repeating: "a", count: 40 << 10)])
      #expect(head.status == 431)
      let encoded = try await registry.api.send(
        "PUT", "/v2/a/manifests/x", headers: ["Content-Encoding": "gzip"], body: [1])
      #expect(encoded.status == 415)
      let method = try await registry.api.send("TRACE", "/v2/")
      #expect(method.status == 405)
      #expect(method["allow"] == "GET, HEAD")
      #expect(try await registry.api.send("DELETE", "/v2/", headers: ["X-HTTP-Method-Override": "GET"]).status == 405)
    }
  }

  @Test("disabled pushes refuse what begins or publishes one, let one be finished, and serve pulls")
  func pushesDisabled() async throws {
    try await RegistryFixture.with(acceptsPushes: false) { (registry) async throws in
      #expect(try await registry.api.push([1], to: "team/app").status == 405)
      let refused = try await registry.api.send("PUT", "/v2/team/app/manifests/x", body: [1])
      #expect(refused.status == 405 && refused.text.contains("UNSUPPORTED") && !refused.text.contains("is_readonly"))
      #expect(try await registry.api.send("DELETE", "/v2/team/app/manifests/x").status == 405)
      let upload = "/v2/team/app/blobs/uploads/\(String(repeating: "0", count: 32))"
      #expect(try await registry.api.send("PATCH", upload, body: [1]).status == 405)
      // Not refused for the mode: there is no such upload.
      let digest = Digest(of: [1])
      #expect(try await registry.api.send("PUT", "\(upload)?digest=\(digest)", body: [1]).status == 404)
      #expect(try await registry.api.send("GET", "/v2/team/app/tags/list").status == 200)
    }
  }

  @Test("a read-only registry refuses every change, says that it is read-only, and serves pulls and logins")
  func readOnly() async throws {
    try await RegistryFixture.with(acceptsPushes: false, isReadOnly: true) { (registry) async throws in
      let upload = "/v2/team/app/blobs/uploads/\(String(repeating: "0", count: 32))"
      for (method, path) in [
        ("POST", "/v2/team/app/blobs/uploads/"), ("PATCH", upload), ("PUT", upload), ("DELETE", upload),
        ("PUT", "/v2/team/app/manifests/x"), ("DELETE", "/v2/team/app/manifests/x"),
      ] {
        let refused = try await registry.api.send(method, path, body: [1])
        #expect(
          refused.status == 405 && refused.text.contains(#""is_readonly":true"#) && refused.text.contains("DENIED"))
      }
      #expect(try await registry.api.send("GET", "/v2/team/app/tags/list").status == 200)
    }
  }

  @Test("authentication: challenges, Basic, tokens, and a Host that shapes nothing")
  func authentication() async throws {
    let authority = await TokenAuthority(secret: Secret("0123456789abcdef"), service: "r.example")
    let gate = AccessGate(
      mode: .superusers(SuperuserDirectory(names: ["admin"], password: Secret("pw")), authority),
      origin: RegistryOrigin(scheme: "http", serverHostname: "r.example", regionHostnames: ["eu.example"]))
    try await RegistryFixture.with(gate: gate) { (registry) async throws in
      let basic = ["Authorization": "Basic " + Data("admin:pw".utf8).base64EncodedString()]
      for method in ["GET", "HEAD"] {
        let answer = try await registry.api.send(method, "/v2/", headers: ["Host": "evil.example"])
        #expect(answer.status == 401)
        #expect(answer["www-authenticate"] == #"Bearer realm="http://r.example/v2/auth",service="r.example""#)
      }
      let regional = try await registry.api.send("GET", "/v2/a/tags/list", headers: ["Host": "eu.example"])
      #expect(
        regional["www-authenticate"]
          == #"Bearer realm="http://eu.example/v2/auth",service="r.example",scope="repository:a:pull""#)
      #expect(try await registry.api.send("GET", "/v2/", headers: basic).status == 200)
      #expect(try await registry.api.send("GET", "/metrics").status == 401)
      #expect(try await registry.api.send("GET", "/metrics", headers: basic).status == 200)
      let wrong = ["Authorization": "Basic " + Data("admin:no".utf8).base64EncodedString()]
      #expect(try await registry.api.send("GET", "/v2/auth?service=r.example", headers: wrong).status == 401)
      #expect(try await registry.api.send("GET", "/v2/auth?service=other", headers: basic).status == 400)
      let issued = try await registry.api.send(
        "GET", "/v2/auth?service=r.example&scope=repository:a:pull,push&scope=repository:b:pull", headers: basic)
      #expect(issued.status == 200)
      let token = try #require(issued.text.split(separator: "\"").dropFirst(3).first)
      let bearer = ["Authorization": "Bearer \(token)"]
      #expect(try await registry.api.send("GET", "/v2/", headers: bearer).status == 200)
      let push = try await registry.api.send("POST", "/v2/a/blobs/uploads/", headers: bearer, body: [])
      #expect(push.status == 202)
      let lacking = try await registry.api.send("POST", "/v2/b/blobs/uploads/", headers: bearer, body: [])
      #expect(lacking.status == 401)
      #expect(lacking["www-authenticate"]?.contains("insufficient_scope") == true)
      // A session belongs to whom began it, whichever way they prove it.
      let session = try #require(push["location"])
      #expect(try await registry.api.send("GET", session, headers: basic).status == 204)
      let form = Array("grant_type=password&username=admin&password=pw&scope=repository%3Aa%3Apull".utf8)
      let posted = try await registry.api.send(
        "POST", "/v2/auth", headers: ["Content-Type": "application/x-www-form-urlencoded"], body: form)
      #expect(posted.status == 200)
      #expect(posted.text.contains(#""scope":"repository:a:pull""#))
      let refresh = try await registry.api.send("POST", "/v2/auth", body: Array("grant_type=refresh_token".utf8))
      #expect(refresh.status == 400)
    }
  }
}
