import Postgres
import Shared
import TestSupport
import Testing

@Suite("Tags", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct TagTests {
  private func record(
    _ text: String, _ fixture: CatalogFixture, blobs: [ManifestRecord.Link] = [], optional: [Digest] = [],
    children: [ManifestRecord.Link] = [], annotations: [String: String] = [:]
  ) -> ManifestRecord {
    ManifestRecord(
      digest: fixture.digest(text), mediaType: "application/vnd.oci.image.manifest.v1+json", bytes: Array(text.utf8),
      annotations: annotations, blobs: blobs, optionalBlobs: optional, children: children)
  }

  private func tags(_ texts: String...) throws -> [TagName] { try texts.map { try TagName(parsing: $0) } }

  @Test("tags come in bytewise order, page by page, each once; a tag moves; deletion leaves the manifest")
  func tagPages() async throws {
    try await CatalogFixture.with { fixture in
      let names = ["a", "B", "_x", "0.1.2", "0.1.20", "a-1", "a.1", "Z", "aa", "A"]
      _ = try await fixture.catalog.putManifest(
        record("one", fixture), tags: try names.map { try TagName(parsing: $0) }, in: fixture.repository)
      let bytewise = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      var (seen, last) = ([String](), String?.none)
      while let page = try await fixture.catalog.tags(in: fixture.name, after: last, limit: 3), !page.isEmpty {
        seen += page.map(\.description)
        last = page.last?.description
      }
      #expect(seen == bytewise)
      #expect(try await fixture.catalog.tags(in: fixture.name, after: "0.1.3", limit: 1)?.map(\.description) == ["A"])
      #expect(try await fixture.catalog.tags(in: fixture.name, limit: 0) == [])
      #expect(try await fixture.catalog.tags(in: try RepositoryName(parsing: "none"), limit: 3) == nil)
      _ = try await fixture.catalog.putManifest(record("two", fixture), tags: tags("a"), in: fixture.repository)
      guard case .found(let moved) = try await fixture.catalog.manifest(.tag(TagName(parsing: "a")), in: fixture.name)
      else {
        Issue.record("the tag is gone")
        return
      }
      #expect(moved.digest == fixture.digest("two"))
      #expect(try await fixture.catalog.deleteTag(TagName(parsing: "a"), in: fixture.name))
      #expect(try await fixture.catalog.deleteTag(TagName(parsing: "a"), in: fixture.name) == false)
      #expect(try await fixture.catalog.manifestBytes(fixture.digest("two"), in: fixture.name) != nil)
    }
  }

  @Test("hostile texts are values, never SQL; a NUL is refused cleanly")
  func hostileTexts() async throws {
    try await CatalogFixture.with { fixture in
      let hostile = "'; DROP TABLE tags; -- %s $1 {\"a\"} \\ \u{1F4A3}"
      #expect(try await fixture.catalog.tags(in: fixture.name, after: hostile, limit: 3) == [])
      let error = await #expect(throws: CatalogError.self) {
        try await fixture.catalog.tags(in: fixture.name, after: "a\u{0}b", limit: 3)
      }
      #expect(error?.isRetryable == false)
      #expect(error?.description.contains("cannot be stored") == true)
      let pushed = try await fixture.push("layer")
      let job = try #require(pushed.jobs.first)
      let claimed = try #require(
        try await fixture.catalog.claimJobs(ids: [job.id], worker: hostile, lease: .seconds(60)).first)
      #expect(try await fixture.texts("SELECT worker FROM jobs WHERE state = 'leased'") == [hostile])
      #expect(try await fixture.catalog.failJob(claimed, error: "a\u{0}" + hostile, verdict: .park))
      #expect(try await fixture.texts("SELECT last_error FROM jobs WHERE state = 'parked'") == ["a" + hostile])
    }
  }
}
