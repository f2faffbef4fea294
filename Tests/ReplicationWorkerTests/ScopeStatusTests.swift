import ArgumentParser
import Shared
import Synchronization
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("Status of a part of the registry")
struct ScopeStatusTests {
  private func options(_ arguments: String...) throws -> ScopeOptions { try ScopeOptions.parse(arguments) }

  @Test("a namespace, a repository and an image are told from what cannot be one")
  func parses() throws {
    let digest = "sha256:" + String(repeating: "a", count: 64)
    let name = try RepositoryName(parsing: "team/app")
    #expect(try options().scope() == nil)
    #expect(try options("--namespace", "team").scope() == .namespace("team"))
    #expect(try options("--repository", "team/app").scope() == .repository(name))
    #expect(try options("--image", "team/app:v1").scope() == .image(name, Reference(parsing: "v1")))
    #expect(try options("--image", "team/app@\(digest)").scope() == .image(name, Reference(parsing: digest)))
    for wrong in [
      ["--namespace", "a/b"], ["--namespace", "A"], ["--repository", "a//b"], ["--image", "team/app"],
      ["--image", "team/app@sha256:1"], ["--image", ":v1"], ["--image", "team/app:"],
      ["--namespace", "a", "--repository", "a/b"],
    ] {
      #expect(throws: (any Error).self, "\(wrong)") { try ScopeOptions.parse(wrong) }
    }
  }

  /// The lines said, and the exit code.
  private func ask(
    _ scope: ScopeOptions.Scope, _ fixture: CatalogFixture, json: Bool = false
  ) async throws -> (text: String, code: ExitCode?) {
    let lines = Mutex<[String]>([])
    let inquiry = ScopeInquiry(
      catalog: fixture.catalog, report: ScopeReport(defaults: [fixture.us, fixture.eu]), json: json,
      say: { line in lines.withLock { $0.append(line) } })
    do {
      try await inquiry.answer(scope)
      return (lines.withLock { $0.joined(separator: "\n") }, nil)
    } catch let code as ExitCode {
      return (lines.withLock { $0.joined(separator: "\n") }, code)
    }
  }

  @Test(
    "people read what is missing and why, scripts one object, and the exit code says what needs somebody",
    .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
  func answers() async throws {
    try await CatalogFixture.with { fixture in
      let digest = try await fixture.pushImage("image", tags: ["v1"])
      try await fixture.copy(to: fixture.eu, except: "image layer")
      try await fixture.execute(
        "UPDATE jobs SET attempts = 4, last_error = 'the store says 503' WHERE state = 'queued' AND target = 'eustorage'"
      )
      let image = ScopeOptions.Scope.image(fixture.name, .tag(try TagName(parsing: "v1")))
      let (text, code) = try await ask(image, fixture)
      #expect(code == nil)
      #expect(text.contains("team/app@\(digest) (v1), 1 manifests, pushed "))
      #expect(text.contains("eustorage  active  yes       1/2"))
      #expect(text.contains("\(fixture.digest("image layer"))"))
      #expect(text.contains("queued, 4 failures: the store says 503"))
      let json = try await ask(image, fixture, json: true).text
      #expect(json.contains(#""readable":false,"readable_since":null"#))
      #expect(json.contains(#""state":"absent""#))
      guard case .object = try StrictJSON.parse(json) else {
        Issue.record("no object")
        return
      }
      let repository = try await ask(.repository(fixture.name), fixture).text
      #expect(repository.contains("waiting"))
      #expect(repository.contains("Failing:"))
      #expect(try await ask(.namespace("team"), fixture, json: true).text.contains(#""namespace":"team""#))
      try await fixture.execute("UPDATE jobs SET state = 'parked' WHERE state = 'queued' AND target = 'eustorage'")
      #expect(try await ask(.namespace("team"), fixture).code == ScopeInquiry.needsPerson)
      #expect(try await ask(.namespace("nobody"), fixture).code == ScopeInquiry.unknown)
      let unknown = try await ask(.repository(try RepositoryName(parsing: "no/such")), fixture, json: true)
      #expect(unknown.code == ScopeInquiry.unknown)
      #expect(unknown.text == "null")
    }
  }
}
