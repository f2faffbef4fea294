import Postgres
import Shared
import TestSupport
import Testing

@Suite("Manifests and tags", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct ManifestTests {
  private func record(
    _ text: String, _ fixture: CatalogFixture, blobs: [ManifestRecord.Link] = [], optional: [Digest] = [],
    children: [ManifestRecord.Link] = [], annotations: [String: String] = [:]
  ) -> ManifestRecord {
    ManifestRecord(
      digest: fixture.digest(text), mediaType: "application/vnd.oci.image.manifest.v1+json", bytes: Array(text.utf8),
      annotations: annotations, blobs: blobs, optionalBlobs: optional, children: children)
  }

  private func tags(_ texts: String...) throws -> [TagName] { try texts.map { try TagName(parsing: $0) } }

  @Test("a manifest is found by tag and by digest, with its exact bytes; a second PUT is the same")
  func storesAndFinds() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("config")
      try await fixture.push("layer")
      let text = "{ \"exact\" :  \"bytes\" }\u{0}"
      let manifest = record(
        text, fixture, blobs: [fixture.link("config"), fixture.link("layer"), fixture.link("layer")],
        annotations: ["quote\"": "\u{0}back\\slash"])
      for _ in 0..<2 {
        #expect(
          try await fixture.catalog.putManifest(manifest, tags: tags("v1", "latest", "v1"), in: fixture.repository)
            == .stored)
      }
      let expected = StoredManifest(
        digest: manifest.digest, mediaType: manifest.mediaType, sizeBytes: Int64(text.utf8.count),
        bytes: Array(text.utf8))
      let (byTag, byDigest) = (Reference.tag(try TagName(parsing: "v1")), Reference.digest(manifest.digest))
      #expect(try await fixture.catalog.manifest(byTag, in: fixture.name) == .found(expected))
      #expect(try await fixture.catalog.manifest(byDigest, in: fixture.name) == .found(expected))
      guard case .found(let cheap) = try await fixture.catalog.manifestDigest(byTag, in: fixture.name) else {
        Issue.record("the tag is not found")
        return
      }
      #expect(cheap.digest == manifest.digest)
      #expect(cheap.bytes == nil)
      #expect(try await fixture.catalog.manifestBytes(manifest.digest, in: fixture.name) == Array(text.utf8))
      let unknown = try RepositoryName(parsing: "no/such")
      #expect(try await fixture.catalog.manifest(byTag, in: unknown) == .repositoryUnknown)
      let absent = Reference.tag(try TagName(parsing: "absent"))
      #expect(try await fixture.catalog.manifest(absent, in: fixture.name) == .manifestUnknown)
      #expect(try await fixture.number("SELECT count(*) FROM manifest_blobs") == 2)
    }
  }

  @Test("unknown blobs are named once each and nothing is written, not even the tag (I4)")
  func namesUnknownBlobs() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("here")
      let other = try await fixture.catalog.ensureRepository(try RepositoryName(parsing: "other"))
      try await fixture.push("linked elsewhere", repository: other)
      let manifest = record(
        "m", fixture,
        blobs: [
          fixture.link("here"), fixture.link("missing"), fixture.link("missing"), fixture.link("linked elsewhere"),
        ])
      let outcome = try await fixture.catalog.putManifest(manifest, tags: tags("v1"), in: fixture.repository)
      #expect(outcome == .blobsUnknown([fixture.digest("missing"), fixture.digest("linked elsewhere")].sorted()))
      #expect(try await fixture.number("SELECT count(*) FROM manifests") == 0)
      #expect(try await fixture.catalog.tags(in: fixture.name, limit: 10) == [])
    }
  }

  @Test("a blob without a good copy is unknown, so that the client sends it again")
  func refusesQuarantined() async throws {
    try await CatalogFixture.with { fixture in
      let key = try fixture.freshKey()
      let pushed = try await fixture.push("layer", key: key)
      _ = try await fixture.catalog.quarantine(
        Placement(location: fixture.us, key: key), of: pushed.blob, reason: "wrong bytes")
      let outcome = try await fixture.catalog.putManifest(
        record("m", fixture, blobs: [fixture.link("layer")]), tags: [], in: fixture.repository)
      #expect(outcome == .blobsUnknown([fixture.digest("layer")]))
    }
  }

  @Test("a stated size that is not the real one is refused, also where a manifest states two")
  func refusesWrongSizes() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("layer")
      let wrong = ManifestRecord.Link(digest: fixture.digest("layer"), sizeBytes: 6)
      for blobs in [[wrong], [fixture.link("layer"), wrong]] {
        let outcome = try await fixture.catalog.putManifest(
          record("m", fixture, blobs: blobs), tags: [], in: fixture.repository)
        #expect(outcome == .sizeMismatch([fixture.digest("layer")]))
      }
      #expect(try await fixture.number("SELECT count(*) FROM manifests") == 0)
    }
  }

  @Test("an index needs its children in the repository; a listed child stays until the index is gone")
  func index() async throws {
    try await CatalogFixture.with { (fixture: CatalogFixture) async throws in
      let index = record("index", fixture, children: [fixture.link("child")])
      #expect(
        try await fixture.catalog.putManifest(index, tags: [], in: fixture.repository)
          == .childrenUnknown([fixture.digest("child")]))
      #expect(
        try await fixture.catalog.putManifest(record("child", fixture), tags: tags("c"), in: fixture.repository)
          == .stored)
      #expect(try await fixture.catalog.putManifest(index, tags: tags("i"), in: fixture.repository) == .stored)
      #expect(try await fixture.catalog.deleteManifest(fixture.digest("child"), in: fixture.name) == .referenced)
      #expect(try await fixture.catalog.deleteManifest(fixture.digest("index"), in: fixture.name) == .deleted)
      #expect(try await fixture.catalog.deleteManifest(fixture.digest("index"), in: fixture.name) == .unknown)
      #expect(try await fixture.catalog.tags(in: fixture.name, limit: 9)?.map(\.description) == ["c"])
      #expect(try await fixture.catalog.deleteManifest(fixture.digest("child"), in: fixture.name) == .deleted)
    }
  }

  @Test("layers that may be elsewhere are held where they are here and never demanded")
  func optionalBlobs() async throws {
    try await CatalogFixture.with { fixture in
      let pushed = try await fixture.push("foreign")
      let manifest = record("m", fixture, optional: [fixture.digest("foreign"), fixture.digest("far away")])
      #expect(try await fixture.catalog.putManifest(manifest, tags: [], in: fixture.repository) == .stored)
      #expect(try await fixture.number("SELECT blob FROM manifest_blobs") == pushed.blob.rawValue)
    }
  }

  @Test("referrers come by subject, filtered and paged, with the annotations as they were pushed")
  func referrers() async throws {
    try await CatalogFixture.with { fixture in
      let subject = fixture.digest("not pushed yet")
      let annotations = ["quote\"\\": "\u{0}\u{1F}\n\u{1F4A3}", "": "empty key"]
      for (text, type) in [("a", "text/sbom"), ("b", "text/signature"), ("c", "text/sbom")] {
        let record = ManifestRecord(
          digest: fixture.digest(text), mediaType: "application/vnd.oci.image.manifest.v1+json",
          bytes: Array(text.utf8), artifactType: type, subject: subject, annotations: annotations)
        #expect(try await fixture.catalog.putManifest(record, tags: [], in: fixture.repository) == .stored)
      }
      let all = try await fixture.catalog.referrers(of: subject, in: fixture.name, limit: 9)
      #expect(all.map(\.digest) == ["a", "b", "c"].map { fixture.digest($0) }.sorted())
      #expect(all.allSatisfy { $0.annotations == annotations && $0.sizeBytes == 1 })
      let page = try await fixture.catalog.referrers(of: subject, in: fixture.name, after: all[0].digest, limit: 1)
      #expect(page == [all[1]])
      let sboms = try await fixture.catalog.referrers(
        of: subject, in: fixture.name, artifactType: "text/sbom", limit: 9)
      #expect(Set(sboms.map(\.digest)) == [fixture.digest("a"), fixture.digest("c")])
      let nowhere = try RepositoryName(parsing: "no/where")
      #expect(try await fixture.catalog.referrers(of: subject, in: nowhere, limit: 9) == [])
      #expect(try await fixture.catalog.repositories(limit: 9) == [fixture.name])
      #expect(try await fixture.catalog.repositories(after: "team/app", limit: 9) == [])
    }
  }

  @Test("a link a manifest refers to cannot be deleted: the database itself refuses (I4, I7)")
  func linksAreHeld() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("layer")
      _ = try await fixture.catalog.putManifest(
        record("m", fixture, blobs: [fixture.link("layer")]), tags: [], in: fixture.repository)
      await #expect(throws: PostgresError.self) { try await fixture.client.query("DELETE FROM repository_blobs") }
    }
  }

  @Test("a PUT into a repository that is gone is a conflict")
  func unknownRepository() async throws {
    try await CatalogFixture.with { fixture in
      await #expect(throws: CatalogError.conflict(.repositoryUnknown)) {
        try await fixture.catalog.putManifest(
          record("m", fixture), tags: [], in: RepositoryID(rawValue: 424_242))
      }
    }
  }
}
