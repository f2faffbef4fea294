import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Pull flows", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct PullFlowTests {
  @Test("manifests come back byte for byte by tag and digest, with the fields clients need")
  func manifests() async throws {
    try await RegistryFixture.with(instances: 2) { (registry) async throws in
      let manifest = try await registry.api.pushImage("team/app", tag: "v1")
      let digest = Digest(of: manifest)
      for instance in registry.instances {
        for reference in ["v1", digest.description] {
          let got = try await instance.send(
            "GET", "/v2/team/app/manifests/\(reference)", headers: ["Accept": "text/plain"])
          #expect(got.status == 200)
          #expect(got.body == manifest)
          #expect(got["content-type"] == MediaType.ociManifest.description)
          #expect(got["docker-content-digest"] == digest.description)
          #expect(got["docker-distribution-api-version"] == "registry/2.0")
          let head = try await instance.send("HEAD", "/v2/team/app/manifests/\(reference)")
          #expect(head.status == 200)
          #expect(head["content-length"] == "\(manifest.count)")
          #expect(head["docker-content-digest"] == digest.description)
          let cached = try await instance.send(
            "GET", "/v2/team/app/manifests/\(reference)", headers: ["If-None-Match": got["etag"] ?? ""])
          #expect(cached.status == 304)
        }
      }
      #expect(try await registry.api.send("GET", "/v2/team/app/manifests/none").text.contains("MANIFEST_UNKNOWN"))
      #expect(try await registry.api.send("GET", "/v2/no/such/manifests/v1").text.contains("NAME_UNKNOWN"))
      let head = try await registry.api.send("HEAD", "/v2/team/app/manifests/none")
      #expect(head.status == 404)
      #expect(head.body.isEmpty)
    }
  }

  @Test("a manifest must be strict, complete and what its digest says")
  func manifestPut() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let config = PushContent.bytes(10)
      let layer = PushContent.bytes(20)
      let manifest = PushContent.manifest(config: config, layer: layer)
      func put(_ reference: String, _ body: [UInt8], type: MediaType = .ociManifest) async throws -> WireClient.Answer {
        try await registry.api.send(
          "PUT", "/v2/team/app/manifests/\(reference)", headers: ["Content-Type": "\(type); charset=utf-8"], body: body)
      }
      let missing = try await put("v1", manifest)
      #expect(missing.status == 400)
      #expect(missing.text.split(separator: "MANIFEST_BLOB_UNKNOWN").count == 3)
      #expect(missing.text.contains(Digest(of: config).description))
      // Knowing a digest that another repository holds is not enough (security rule 9).
      _ = try await registry.api.push(config, to: "team/other")
      _ = try await registry.api.push(layer, to: "team/other")
      #expect(try await put("v1", manifest).status == 400)
      _ = try await registry.api.push(config, to: "team/app")
      _ = try await registry.api.push(layer, to: "team/app")
      let stored = try await put("v1", manifest)
      #expect(stored.status == 201)
      #expect(stored["location"] == "/v2/team/app/manifests/\(Digest(of: manifest))")
      #expect(stored["docker-content-digest"] == Digest(of: manifest).description)
      #expect(stored["oci-subject"] == nil)
      #expect(try await put("v1", manifest).status == 201)
      #expect(try await put(Digest(of: manifest, algorithm: .sha512).description, manifest).status == 201)
      #expect(try await put(Digest(of: [1]).description, manifest).text.contains("DIGEST_INVALID"))
      #expect(try await put("v2", manifest, type: .ociIndex).text.contains("MANIFEST_INVALID"))
      #expect(try await put("v2", Array("{".utf8)).status == 400)
      #expect(try await put("v2", manifest + [0]).status == 400)
      #expect(try await put("v2", [UInt8](repeating: 32, count: (4 << 20) + 1)).status == 413)
      #expect(try await registry.api.send("GET", "/v2/team/app/manifests/v2").status == 404)
    }
  }

  @Test("tags are listed in order and by page; deletion takes the tag or the manifest")
  func tags() async throws {
    try await RegistryFixture.with { (registry) async throws in
      var manifest: [UInt8] = []
      for tag in ["b", "0.1.20", "A", "0.1.2", "_x"] {
        manifest = try await registry.api.pushImage("team/app", tag: tag)
      }
      let all = try await registry.api.send("GET", "/v2/team/app/tags/list")
      #expect(all.text == #"{"name":"team/app","tags":["0.1.2","0.1.20","A","_x","b"]}"#)
      #expect(all["link"] == nil)
      let page = try await registry.api.send("GET", "/v2/team/app/tags/list?n=2")
      #expect(page.text.contains(#"["0.1.2","0.1.20"]"#))
      #expect(page["link"] == "</v2/team/app/tags/list?n=2&last=0.1.20>; rel=\"next\"")
      let none = try await registry.api.send("GET", "/v2/team/app/tags/list?n=0")
      #expect(none.text.contains(#""tags":[]"#))
      #expect(none["link"] == nil)
      #expect(try await registry.api.send("GET", "/v2/team/app/tags/list?last=B").text.contains(#"["_x","b"]"#))
      for bad in ["n=-1", "n=abc", "n=18446744073709551616", "last=%00", "last=%ff"] {
        #expect(try await registry.api.send("GET", "/v2/team/app/tags/list?\(bad)").status == 400)
      }
      #expect(try await registry.api.send("GET", "/v2/no/such/tags/list").status == 404)
      #expect(try await registry.api.send("DELETE", "/v2/team/app/manifests/A").status == 202)
      #expect(try await registry.api.send("GET", "/v2/team/app/manifests/A").status == 404)
      let digest = Digest(of: manifest)
      #expect(try await registry.api.send("GET", "/v2/team/app/manifests/\(digest)").status == 200)
      #expect(try await registry.api.send("DELETE", "/v2/team/app/manifests/\(digest)").status == 202)
      #expect(try await registry.api.send("GET", "/v2/team/app/manifests/\(digest)").status == 404)
      #expect(try await registry.api.send("GET", "/v2/team/app/manifests/b").status == 404)
      #expect(try await registry.api.send("DELETE", "/v2/team/app/manifests/\(digest)").status == 404)
    }
  }

  @Test(
    "ranges in proxy mode",
    arguments: [
      ("bytes=0-9", 206, "bytes 0-9/5000", 10), ("bytes=4990-", 206, "bytes 4990-4999/5000", 10),
      ("bytes=-10", 206, "bytes 4990-4999/5000", 10), ("bytes=4990-9999", 206, "bytes 4990-4999/5000", 10),
      ("bytes=5000-", 416, "bytes */5000", nil), ("bytes=500-0", 416, "bytes */5000", nil),
      ("bytes=0-1,5-6", 200, nil, 5000), ("items=0-1", 200, nil, 5000),
      ("bytes=0-9223372036854775807", 206, "bytes 0-4999/5000", 5000),
      ("bytes=9999999999999999999999-", 416, "bytes */5000", nil),
    ] as [(String, Int, String?, Int?)])
  func ranges(_ range: String, _ status: Int, _ contentRange: String?, _ count: Int?) async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(5000)
      _ = try await registry.api.push(bytes, to: "team/app")
      let answer = try await registry.api.send(
        "GET", "/v2/team/app/blobs/\(Digest(of: bytes))", headers: ["Range": range])
      #expect(answer.status == status)
      #expect(answer["content-range"] == contentRange)
      if let count { #expect(answer.body.count == count) }
    }
  }

  @Test("a copy that is gone is passed over for another location's")
  func fallback() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(5000)
      let digest = Digest(of: bytes)
      _ = try await registry.api.push(bytes, to: "team/app")
      let key = try ObjectKey(
        parsing: try #require(try await registry.catalog.texts("SELECT object_key FROM placements").first))
      let copy = ObjectKey.blob(storagePath: registry.eu.storagePath, identifier: RandomIdentifier())
      _ = try await registry.eu.put(copy, bytes: bytes, attributes: ObjectAttributes())
      let jobs = try await registry.catalog.claimDue(at: registry.catalog.eu, limit: 1)
      _ = try await registry.catalog.catalog.completeJobs(
        jobs.map {
          JobCompletion(job: $0, key: copy, bytesRead: 5000, durationMs: 1, source: registry.catalog.us)
        })
      try await registry.us.delete(key)
      let answer = try await registry.api.send("GET", "/v2/team/app/blobs/\(digest)")
      #expect(answer.status == 200)
      #expect(answer.body == bytes)
      try await registry.eu.delete(copy)
      let gone = try await registry.api.send("GET", "/v2/team/app/blobs/\(digest)")
      #expect(gone.status == 503)
      #expect(gone["retry-after"] != nil)
    }
  }

  @Test("a blob is only where it is linked")
  func links() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(50)
      _ = try await registry.api.push(bytes, to: "team/app")
      _ = try await registry.api.push([1], to: "team/other")
      let foreign = try await registry.api.send("GET", "/v2/team/other/blobs/\(Digest(of: bytes))")
      #expect(foreign.status == 404)
      #expect(foreign.text.contains("BLOB_UNKNOWN"))
      #expect(
        try await registry.api.send("GET", "/v2/no/such/blobs/\(Digest(of: bytes))").text.contains("NAME_UNKNOWN"))
      #expect(try await registry.api.send("GET", "/v2/team/app/blobs/sha256:abc").status == 400)
    }
  }

  @Test("referrers of anything are an index, and list what has the subject")
  func referrers() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let empty = try await registry.api.send("GET", "/v2/never/pushed/referrers/\(Digest(of: [1]))")
      #expect(empty.status == 200)
      #expect(empty["content-type"] == MediaType.ociIndex.description)
      #expect(empty.text == #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[]}"#)
      let subject = Digest(of: Array("missing subject".utf8))
      let blob = Array("{}".utf8)
      _ = try await registry.api.push(blob, to: "team/app")
      let descriptor = #"{"mediaType":"\#(MediaType.ociEmpty)","digest":"\#(Digest(of: blob))","size":2}"#
      let manifest = Array(
        """
        {"schemaVersion":2,"mediaType":"\(MediaType.ociManifest)","artifactType":"application/sbom","config":\(descriptor),
        "layers":[\(descriptor)],"subject":{"mediaType":"\(MediaType.ociManifest)","digest":"\(subject)","size":5},
        "annotations":{"b":"2","a":"1"}}
        """.utf8)
      let put = try await registry.api.send(
        "PUT", "/v2/team/app/manifests/\(Digest(of: manifest))", headers: ["Content-Type": "\(MediaType.ociManifest)"],
        body: manifest)
      #expect(put.status == 201)
      #expect(put["oci-subject"] == subject.description)
      let listed = try await registry.api.send("GET", "/v2/team/app/referrers/\(subject)")
      #expect(listed.text.contains(Digest(of: manifest).description))
      #expect(listed.text.contains(#""artifactType":"application/sbom","annotations":{"a":"1","b":"2"}"#))
      #expect(listed["oci-filters-applied"] == nil)
      let filtered = try await registry.api.send("GET", "/v2/team/app/referrers/\(subject)?artifactType=x/y")
      #expect(filtered.text.contains(#""manifests":[]"#))
      #expect(filtered["oci-filters-applied"] == "artifactType")
    }
  }
}
