import FoundationEssentials
import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Status API", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct AdminFlowTests {
  private let root = "/api/v1/replication"

  private func basic(_ text: String) -> [String: String] {
    ["Authorization": "Basic " + Data(text.utf8).base64EncodedString()]
  }

  @Test("from the whole registry down to one blob, every level says what is where")
  func levels() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let manifest = try await registry.api.pushImage("team/app", tag: "v1")
      let api = registry.api
      let all = JSONAnswer(try await api.send("GET", "\(root)/locations"))
      #expect(all.status == 200)
      #expect(all["locations", "eustorage", "pending_objects"] == "2")
      #expect(all["locations", "usstorage", "pending_objects"] == "0")
      #expect(all["locations", "usstorage", "default"] == "true")
      #expect(all["locations", "eustorage", "lag"] == "null")
      #expect(all.text.contains(#"{"lane":"normal","pending_objects":2,"pending_bytes":5100,"#))
      let risk = try await api.send("GET", "\(root)/at-risk?location=usstorage&n=1")
      #expect(risk.text.components(of: #""digest""#) == 1)
      let rest = try #require(risk["link"]?.split(separator: ">").first?.dropFirst())
      #expect(rest.hasSuffix("&location=usstorage"))
      let nextRisk = try await api.send("GET", String(rest))
      #expect(nextRisk.text.components(of: #""digest""#) == 1)
      #expect(nextRisk["link"] == nil)
      #expect(try await api.send("GET", "\(root)/at-risk?location=eustorage").text == #"{"blobs":[]}"#)

      let namespace = JSONAnswer(try await api.send("GET", "\(root)/namespaces/team"))
      #expect(namespace["objects"] == "2")
      #expect(namespace["at_risk"] == "2")
      #expect(namespace["repositories"] == "[team/app]")

      let repository = JSONAnswer(try await api.send("GET", "\(root)/repositories/team/app"))
      #expect(repository["locations", "eustorage", "pending_bytes"] == "5100")
      #expect(repository["locations", "eustorage", "required"] == "true")
      #expect(repository["locations", "apstorage", "required"] == "false")
      #expect(repository.text.contains(#""tag":"v1","digest":"\#(Digest(of: manifest))""#))

      try await registry.catalog.copy(to: registry.catalog.eu)
      #expect(try await registry.catalog.arrived(.newest, at: registry.catalog.eu) == [Digest(of: manifest)])
      for reference in ["v1", Digest(of: manifest).description] {
        let image = JSONAnswer(try await api.send("GET", "\(root)/repositories/team/app/images/\(reference)"))
        #expect(image["digest"] == Digest(of: manifest).description)
        #expect(image["tags"] == "[v1]")
        #expect(image["locations", "eustorage", "readable"] == "true")
        #expect(image["locations", "eustorage", "readable_since"]?.hasSuffix("Z") == true)
        #expect(image["locations", "apstorage", "readable"] == "false")
        #expect(image["locations", "apstorage", "readable_since"] == "null")
        #expect(image["at_risk"] == "0")
      }
      let page = try await api.send("GET", "\(root)/repositories/team/app/images/v1?n=1")
      let next = try #require(page["link"]?.split(separator: ">").first?.dropFirst())
      let second = try await api.send("GET", String(next))
      #expect(second["link"] == nil)
      #expect(JSONAnswer(second).text.components(of: #""copies":"#) == 1)
      #expect(second.text != page.text)
      #expect(page["cache-control"] == "no-store")
    }
  }

  @Test("jobs are listed by state and location, page by page, and each by its number")
  func jobs() async throws {
    try await RegistryFixture.with { (registry) async throws in
      for seed in 1...3 as ClosedRange<UInt64> {
        _ = try await registry.api.push(PushContent.bytes(100, seed: seed), to: "team/app")
      }
      try await registry.catalog.execute(
        "UPDATE jobs SET attempts = 2, last_error = 'the store says 503' WHERE id = (SELECT max(id) FROM jobs)")
      let api = registry.api
      let page = try await api.send("GET", "\(root)/jobs?location=eustorage&state=queued&n=2")
      #expect(page.text.components(of: #""digest""#) == 2)
      let link = try #require(page["link"])
      #expect(link.hasSuffix("&state=queued&location=eustorage>; rel=\"next\""))
      let next = try await api.send("GET", String(try #require(link.split(separator: ">").first?.dropFirst())))
      #expect(next.text.components(of: #""digest""#) == 1)
      #expect(next["link"] == nil)
      let failing = try await api.send("GET", "\(root)/jobs?state=failing")
      #expect(failing.text.contains("the store says 503"))
      let id = try await registry.catalog.number("SELECT max(id) FROM jobs")
      try await registry.catalog.execute(
        "INSERT INTO job_attempts (job, worker, outcome, error) VALUES (\(id), 'w1', 'failed', 'the store says 503')")
      let job = JSONAnswer(try await api.send("GET", "\(root)/jobs/\(id)"))
      #expect(job["attempts"] == "2")
      #expect(job["state"] == "queued")
      #expect(job.text.contains(#""attempt_history":[{"outcome":"failed","#))
      #expect(try await api.send("GET", "\(root)/jobs?location=nowhere").text.contains(#""jobs":[]"#))
      for bad in [
        "state=x", "location=%2F", "n=0", "n=-1", "n=99999999999999999999", "after=x", "after=-1", "after=%00",
      ] {
        #expect(try await api.send("GET", "\(root)/jobs?\(bad)").status == 400, "\(bad)")
      }
      for missing in ["jobs/0", "jobs/x", "jobs/99999999999999999999", "jobs/4242", "jobs/", "nothing", "locations/x"] {
        let answer = JSONAnswer(try await api.send("GET", "\(root)/\(missing)"))
        #expect(answer.status == 404, "\(missing)")
        #expect(answer["error_type"] == "not_found")
        #expect(answer["status"] == "404")
      }
      #expect(try await api.send("GET", "/api/v1/other").status == 404)
      #expect(try await api.send("GET", "/api/v1/replication/%2e%2e/locations").status == 400)
    }
  }

  @Test("a namespace's locations are changed by name, all or nothing in what is checked, and take effect")
  func namespaceLocations() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let path = "\(root)/namespaces/team/locations"
      func put(_ body: String, type: String = "application/json") async throws -> WireClient.Answer {
        try await registry.api.send("PUT", path, headers: ["Content-Type": type], body: Array(body.utf8))
      }
      let before = JSONAnswer(try await registry.api.send("GET", path))
      #expect(before["locations", "apstorage", "required"] == "false")
      #expect(before["locations", "eustorage", "required"] == "true")
      #expect(before["locations", "eustorage", "rule"] == "null")
      let changed = JSONAnswer(try await put(#"{"locations":{"apstorage":true,"eustorage":false}}"#))
      #expect(changed.status == 200)
      #expect(changed["locations", "apstorage", "rule"] == "required")
      #expect(changed["locations", "apstorage", "required"] == "true")
      #expect(changed["locations", "eustorage", "rule"] == "excluded")
      #expect(changed["locations", "eustorage", "required"] == "false")
      _ = try await registry.api.push(PushContent.bytes(10), to: "team/app")
      #expect(try await registry.catalog.texts("SELECT target FROM jobs") == ["apstorage"])
      let back = JSONAnswer(
        try await put(#"{"locations":{"eustorage":null}}"#, type: "application/json; charset=utf-8"))
      #expect(back["locations", "eustorage", "rule"] == "null")
      #expect(back["locations", "apstorage", "rule"] == "required")
      for bad in [
        "", "{", "[]", "{}", #"{"locations":{}}"#, #"{"locations":{"apstorage":1}}"#, #"{"locations":{"mars":true}}"#,
        #"{"locations":{"A/b":true}}"#, #"{"locations":{"apstorage":false,"mars":false}}"#,
        #"{"locations":{"apstorage":true},"more":1}"#,
      ] {
        let refused = JSONAnswer(try await put(bad))
        #expect(refused.status == 400, "\(bad)")
        #expect(refused["error_type"] == "invalid_request")
      }
      #expect(try await put(#"{"locations":{"apstorage":true}}"#, type: "text/plain").status == 415)
      #expect(try await put(String(repeating: " ", count: 70_000)).status == 413)
      try await registry.catalog.execute("UPDATE locations SET state = 'draining' WHERE id = 'apstorage'")
      #expect(try await put(#"{"locations":{"apstorage":true}}"#).status == 409)
      let drained = JSONAnswer(try await registry.api.send("GET", path))
      #expect(drained["locations", "apstorage", "rule"] == "required")
      #expect(drained["locations", "apstorage", "required"] == "false")
    }
  }

  @Test("HEAD answers the head alone, OPTIONS what may be done, and other methods 405")
  func methods() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let path = "\(root)/locations"
      let get = try await registry.api.send("GET", path)
      let head = try await registry.api.send("HEAD", path)
      #expect(head.status == 200)
      #expect(head.body.isEmpty)
      #expect(head["content-length"] == "\(get.body.count)")
      let options = try await registry.api.send("OPTIONS", path)
      #expect(options.status == 204)
      #expect(options["allow"] == "GET, HEAD, OPTIONS")
      for method in ["PUT", "POST", "DELETE", "PATCH"] {
        let refused = try await registry.api.send(method, path, body: [])
        #expect(refused.status == 405)
        #expect(refused["allow"] == "GET, HEAD, OPTIONS")
        #expect(JSONAnswer(refused)["error_type"] == "method_not_allowed")
      }
    }
  }

  @Test("outsiders cannot tell what they may not see from what does not exist; readers see no insides")
  func access() async throws {
    let authority = await TokenAuthority(secret: Secret("0123456789abcdef"), service: "r")
    let gate = AccessGate(
      mode: .superusers(SuperuserDirectory(names: ["admin"], password: Secret("pw")), authority),
      origin: RegistryOrigin(scheme: "http", serverHostname: "r", regionHostnames: []))
    try await RegistryFixture.with(gate: gate) { (registry) async throws in
      for name in ["team/app", "team/private"] {
        let id = try await registry.catalog.catalog.ensureRepository(RepositoryName(parsing: name))
        try await registry.catalog.push("layer of \(name)", repository: id)
      }
      try await registry.catalog.execute("UPDATE jobs SET attempts = 2, last_error = 'secret inside', state = 'parked'")
      let grants = [AccessGrant(type: "repository", name: "team/app", actions: ["pull"])]
      let token = try await authority.issue(subject: "reader", grants: grants, now: WallClock.secondsSinceEpoch()).token
      let reader = ["Authorization": "Bearer \(token.revealed)"]
      let api = registry.api
      func shape(_ answer: WireClient.Answer) -> [String] {
        [
          "\(answer.status)", answer.text, answer["www-authenticate"] ?? "", answer["content-length"] ?? "",
          answer["content-type"] ?? "",
        ]
      }
      for path in ["repositories/team/private", "repositories/team/private/images/v1"] {
        let missing = path.replacing("private", with: "missing")
        for headers in [reader, [:], ["Authorization": "Bearer x"]] {
          let hidden = shape(try await api.send("GET", "\(root)/\(path)", headers: headers))
          let absent = shape(try await api.send("GET", "\(root)/\(missing)", headers: headers))
          #expect(hidden.map { $0.replacing("private", with: "missing") } == absent)
          #expect(hidden[0] == (headers == reader ? "404" : "401"))
        }
      }
      let mine = try await api.send("GET", "\(root)/repositories/team/app", headers: reader)
      #expect(mine.status == 200)
      #expect(mine.text.contains(#""state":"parked""#))
      #expect(!mine.text.contains("secret inside"))
      #expect(!mine.text.contains("worker"))
      let unknown = try await api.send("GET", "\(root)/repositories/team/none", headers: basic("admin:pw"))
      #expect(unknown.status == 404)
      let seen = try await api.send("GET", "\(root)/repositories/team/private", headers: basic("admin:pw"))
      #expect(seen.text.contains("secret inside"))
      for path in ["locations", "namespaces/team", "namespaces/team/locations", "jobs", "jobs/1", "at-risk"] {
        let anonymous = try await api.send("GET", "\(root)/\(path)")
        #expect(anonymous.status == 401)
        #expect(anonymous["www-authenticate"]?.contains("Basic realm=") == true)
        #expect(JSONAnswer(anonymous)["error_type"] == "invalid_token")
        let refused = try await api.send("GET", "\(root)/\(path)", headers: reader)
        #expect(refused.status == 403)
        #expect(JSONAnswer(refused)["error_type"] == "insufficient_scope")
        #expect(try await api.send("GET", "\(root)/\(path)", headers: basic("admin:pw")).status == 200)
        #expect(try await api.send("GET", "\(root)/\(path)", headers: basic("admin:no")).status == 401)
      }
    }
  }

  @Test("too many questions at a time are 429, and pulls are none of them")
  func throttled() async throws {
    let throttle = AdminThrottle(perSecond: 0.001, burst: 2, atOnce: 3)
    try await RegistryFixture.with(throttle: throttle) { (registry) async throws in
      for _ in 0..<2 { #expect(try await registry.api.send("GET", "\(root)/locations").status == 200) }
      let refused = try await registry.api.send("GET", "\(root)/locations")
      #expect(refused.status == 429)
      #expect(refused["retry-after"] == "1")
      #expect(JSONAnswer(refused)["error_type"] == "too_many_requests")
      #expect(try await registry.api.send("GET", "/v2/").status == 200)
    }
  }
}
