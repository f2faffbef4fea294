import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Deletions and what is remembered", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct DeletionFlowTests {
  @Test("a blob is taken out of one repository, and not from under a manifest")
  func blob() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(50, seed: 40)
      let path = "/v2/team/app/blobs/\(Digest(of: bytes))"
      #expect(try await registry.api.send("DELETE", path).text.contains("BLOB_UNKNOWN"))
      for name in ["team/app", "team/other"] { _ = try await registry.api.push(bytes, to: name) }
      #expect(try await registry.api.send("DELETE", path).status == 202)
      #expect(try await registry.api.send("GET", path).status == 404)
      #expect(try await registry.api.send("DELETE", path).status == 404)
      #expect(try await registry.api.send("GET", "/v2/team/other/blobs/\(Digest(of: bytes))").body == bytes)
      let manifest = try await registry.api.pushImage("team/app", tag: "v1", seed: 7)
      let layer = Digest(of: PushContent.bytes(5000, seed: 8))
      let refused = try await registry.api.send("DELETE", "/v2/team/app/blobs/\(layer)")
      #expect(refused.status == 405)
      #expect(refused["allow"] == "GET, HEAD")
      #expect(try await registry.api.send("DELETE", "/v2/team/app/manifests/\(Digest(of: manifest))").status == 202)
      #expect(try await registry.api.send("DELETE", "/v2/team/app/blobs/\(layer)").status == 202)
    }
  }

  @Test("every creation, move and deletion of a tag is on record with its digests")
  func tagHistory() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let first = Digest(of: try await registry.api.pushImage("team/app", tag: "v1", seed: 1))
      let second = Digest(of: try await registry.api.pushImage("team/app", tag: "v1", seed: 5))
      _ = try await registry.api.pushImage("team/app", tag: "v1", seed: 5)
      _ = try await registry.api.pushImage("team/app", tag: "v2", seed: 5)
      #expect(try await registry.api.send("DELETE", "/v2/team/app/manifests/v2").status == 202)
      #expect(try await registry.api.send("DELETE", "/v2/team/app/manifests/\(second)").status == 202)
      let history = try await registry.catalog.texts(
        """
        SELECT tag || ' ' || change || ' ' || coalesce(old_digest, '-') || ' ' || coalesce(new_digest, '-')
        FROM tag_history ORDER BY id
        """)
      #expect(
        history == [
          "v1 created - \(first)", "v1 moved \(first) \(second)", "v2 created - \(second)", "v2 deleted \(second) -",
          "v1 deleted \(second) -",
        ])
      #expect(try await registry.catalog.number("SELECT count(*) FROM tag_history WHERE changed_at > 0") == 5)
    }
  }

  @Test("a manifest that an index lists is deleted only after the index")
  func listedManifest() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let child = try await registry.api.pushImage("team/app", tag: "amd64")
      let index = PushContent.index([(Digest(of: child), child.count)])
      #expect(try await registry.api.putIndex(index, "team/app", "v1").status == 201)
      let path = "/v2/team/app/manifests/\(Digest(of: child))"
      #expect(try await registry.api.send("DELETE", path).status == 409)
      #expect(try await registry.api.send("GET", "/v2/team/app/manifests/amd64").status == 200)
      #expect(try await registry.api.send("DELETE", "/v2/team/app/manifests/\(Digest(of: index))").status == 202)
      #expect(try await registry.api.send("DELETE", path).status == 202)
    }
  }

  @Test("a sparse index is taken where that is allowed, and adopts what comes later")
  func sparseIndex() async throws {
    let missing = PushContent.manifest(
      config: PushContent.bytes(100, seed: 21), layer: PushContent.bytes(5000, seed: 22))
    try await RegistryFixture.with { (registry) async throws in
      let index = PushContent.index([(Digest(of: missing), missing.count)])
      let refused = try await registry.api.putIndex(index, "team/app", "v1")
      #expect(refused.status == 400)
      #expect(refused.text.contains("MANIFEST_BLOB_UNKNOWN"))
    }
    try await RegistryFixture.with(sparse: true) { (registry) async throws in
      let present = try await registry.api.pushImage("team/app", tag: "amd64", seed: 1)
      let index = PushContent.index([(Digest(of: present), present.count), (Digest(of: missing), missing.count)])
      #expect(try await registry.api.putIndex(index, "team/app", "v1").status == 201)
      #expect(try await registry.api.send("GET", "/v2/team/app/manifests/v1").body == index)
      #expect(try await registry.catalog.number("SELECT count(*) FROM manifest_children") == 1)
      let wrong = PushContent.index([(Digest(of: present), present.count + 1)])
      #expect(try await registry.api.putIndex(wrong, "team/app", "v2").status == 400)
      #expect(try await registry.api.pushImage("team/app", tag: "arm64", seed: 21) == missing)
      #expect(try await registry.catalog.number("SELECT count(*) FROM manifest_children") == 2)
      let path = "/v2/team/app/manifests/\(Digest(of: missing))"
      #expect(try await registry.api.send("DELETE", path).status == 409)
    }
  }

  @Test("what a fallback tag lists are referrers already, because each says so itself")
  func fallbackTag() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let subject = try await registry.api.pushImage("team/app", tag: "v1")
      let config = PushContent.bytes(100, seed: 1)
      let referrer = Array(
        """
        {"schemaVersion":2,"mediaType":"\(MediaType.ociManifest)","artifactType":"a/b",
         "config":{"mediaType":"\(MediaType.ociConfig)","digest":"\(Digest(of: config))","size":100},"layers":[],
         "subject":{"mediaType":"\(MediaType.ociManifest)","digest":"\(Digest(of: subject))","size":\(subject.count)}}
        """.utf8)
      let put = try await registry.api.send(
        "PUT", "/v2/team/app/manifests/\(Digest(of: referrer))", headers: ["Content-Type": "\(MediaType.ociManifest)"],
        body: referrer)
      #expect(put.status == 201)
      let index = PushContent.index([(Digest(of: referrer), referrer.count)])
      let tag = "\(Digest(of: subject))".map { $0 == ":" ? "-" : $0 }
      #expect(try await registry.api.putIndex(index, "team/app", String(tag)).status == 201)
      let listed = try await registry.api.send("GET", "/v2/team/app/referrers/\(Digest(of: subject))")
      #expect(listed.text.split(separator: "\"\(Digest(of: referrer))\"").count == 2)
    }
  }
}
