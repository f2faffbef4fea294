import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Uploads: limits and repetition", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct UploadLimitTests {
  @Test("a principal has so many sessions and no more; one that ends makes room")
  func sessionsPerPrincipal() async throws {
    try await RegistryFixture.with(maximumUploads: 3) { (registry) async throws in
      var sessions: [String] = []
      for name in ["a", "b", "c"] { sessions.append(try await registry.api.begin(name)) }
      let refused = try await registry.api.send("POST", "/v2/d/blobs/uploads/", body: [])
      #expect(refused.status == 429)
      #expect(refused.text.contains("TOOMANYREQUESTS"))
      #expect(refused["retry-after"] == "60")
      #expect(try await registry.api.push([1], to: "d").status == 201)
      #expect(try await registry.api.send("DELETE", sessions[0]).status == 204)
      #expect(try await registry.api.send("POST", "/v2/d/blobs/uploads/", body: []).status == 202)
    }
  }

  @Test("a session nobody writes to ends within the hour, one that was written to lives on")
  func unusedSessions() async throws {
    try await RegistryFixture.with(uploadLifetime: .seconds(36_000)) { (registry) async throws in
      let begun = try await registry.api.send("POST", "/v2/a/blobs/uploads/", body: [])
      #expect(begun["oci-chunk-min-length"] == "\(5 << 20)")
      let left = "SELECT (expires_at - now_ms()) / 1000 FROM upload_sessions"
      #expect((3000...3600).contains(try await registry.catalog.number(left)))
      #expect(try await registry.api.send("PATCH", begun["location"] ?? "", body: [1]).status == 202)
      #expect(try await registry.catalog.number(left) > 30_000)
    }
  }

  @Test("a PUT whose 201 was lost is 201 again, for the same session, digest and repository only")
  func repeatedEnd() async throws {
    try await RegistryFixture.with(instances: 2) { (registry) async throws in
      let bytes = PushContent.bytes(5000)
      let session = try await registry.api.begin("team/app")
      let path = "\(session)?digest=\(Digest(of: bytes))"
      #expect(try await registry.api.send("PUT", path, body: bytes).status == 201)
      for instance in registry.instances {
        for body in [[], bytes] {
          let again = try await instance.send("PUT", path, body: body)
          #expect(again.status == 201)
          #expect(again["location"] == "/v2/team/app/blobs/\(Digest(of: bytes))")
          #expect(again["docker-content-digest"] == "\(Digest(of: bytes))")
        }
      }
      _ = try await registry.api.push([1], to: "team/app")
      _ = try await registry.api.push(bytes, to: "team/other")
      let id = session.split(separator: "/").last ?? ""
      for wrong in [
        "\(session)?digest=\(Digest(of: [1]))", "/v2/team/other/blobs/uploads/\(id)?digest=\(Digest(of: bytes))",
        "/v2/team/app/blobs/uploads/\(RandomIdentifier().hex)?digest=\(Digest(of: bytes))",
      ] {
        let answer = try await registry.api.send("PUT", wrong, body: [])
        #expect(answer.status == 404)
        #expect(answer.text.contains("BLOB_UPLOAD_UNKNOWN"))
      }
      #expect(try await registry.api.send("PATCH", session, body: [1]).status == 404)
      #expect(try await registry.api.send("DELETE", "/v2/team/app/blobs/\(Digest(of: bytes))").status == 202)
      #expect(try await registry.api.send("PUT", path, body: []).status == 404)
    }
  }

  @Test("what finished is forgotten in time")
  func forgotten() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let session = try await registry.api.begin("team/app")
      #expect(try await registry.api.send("PUT", "\(session)?digest=\(Digest(of: [7]))", body: [7]).status == 201)
      #expect(try await registry.catalog.number("SELECT count(*) FROM finished_uploads") == 1)
      _ = try await registry.catalog.catalog.expireUploads(limit: 10)
      #expect(try await registry.catalog.number("SELECT count(*) FROM finished_uploads") == 1)
      _ = try await registry.catalog.texts("UPDATE finished_uploads SET expires_at = now_ms() - 1 RETURNING id")
      _ = try await registry.catalog.catalog.expireUploads(limit: 10)
      #expect(try await registry.catalog.number("SELECT count(*) FROM finished_uploads") == 0)
    }
  }

  @Test("a final PUT out of order is 416 and leaves the upload where it is")
  func finalOutOfOrder() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let session = try await registry.api.begin("team/app")
      #expect(try await registry.api.send("PATCH", session, body: [1, 2, 3]).status == 202)
      let path = "\(session)?digest=\(Digest(of: [1, 2, 3, 4]))"
      let early = try await registry.api.send("PUT", path, headers: ["Content-Range": "5-5"], body: [4])
      #expect(early.status == 416)
      #expect(early["range"] == "0-2")
      #expect(try await registry.api.send("PUT", path, headers: ["Content-Range": "3-3"], body: [4]).status == 201)
    }
  }

  @Test("sha512 throughout: the session's algorithm, manifests by digest with tags, and pulls")
  func sha512() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let (config, layer) = (PushContent.bytes(100), PushContent.bytes(5000))
      for bytes in [config, layer] {
        let begun = try await registry.api.send(
          "POST", "/v2/team/app/blobs/uploads/?digest-algorithm=sha512", body: [])
        let location = try #require(begun["location"])
        #expect(try await registry.api.send("PATCH", location, body: bytes).status == 202)
        let digest = Digest(of: bytes, algorithm: .sha512)
        #expect(try await registry.api.send("PUT", "\(location)?digest=\(digest)", body: []).status == 201)
        #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(digest)").body == bytes)
      }
      let bad = try await registry.api.send("POST", "/v2/team/app/blobs/uploads/?digest-algorithm=md5", body: [])
      #expect(bad.status == 400)
      let text = String(decoding: PushContent.manifest(config: config, layer: layer), as: UTF8.self)
        .replacing("\(Digest(of: config))", with: "\(Digest(of: config, algorithm: .sha512))")
        .replacing("\(Digest(of: layer))", with: "\(Digest(of: layer, algorithm: .sha512))")
      let manifest = Array(text.utf8)
      let digest = Digest(of: manifest, algorithm: .sha512)
      let put = try await registry.api.send(
        "PUT", "/v2/team/app/manifests/\(digest)?tag=a&tag=b", headers: ["Content-Type": "\(MediaType.ociManifest)"],
        body: manifest)
      #expect(put.status == 201)
      #expect(put["oci-tag"] == "a,b")
      #expect(put["docker-content-digest"] == "\(digest)")
      #expect(try await registry.api.send("GET", "/v2/team/app/manifests/b")["docker-content-digest"] == "\(digest)")
    }
  }
}
