import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Upload flows", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct UploadFlowTests {
  @Test("monolithic: POST with the digest, PUT with the body, and the empty blob", arguments: [0, 1, 5000, 3 << 20])
  func monolithic(_ size: Int) async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(size)
      let digest = Digest(of: bytes)
      let posted = try await registry.api.push(bytes, to: "team/app")
      #expect(posted.status == 201)
      #expect(posted["docker-content-digest"] == digest.description)
      #expect(posted["location"] == "/v2/team/app/blobs/\(digest)")
      let got = try await registry.api.send("GET", "/v2/team/app/blobs/\(digest)")
      #expect(got.status == 200)
      #expect(got.body == bytes)
      let head = try await registry.api.send("HEAD", "/v2/team/app/blobs/\(digest)")
      #expect(head.status == 200)
      #expect(head["content-length"] == "\(size)")
      #expect(head["accept-ranges"] == "bytes")
      #expect(head["docker-content-digest"] == digest.description)

      let other = PushContent.bytes(size, seed: 9)
      let session = try await registry.api.begin("team/other")
      let put = try await registry.api.send("PUT", "\(session)?digest=\(Digest(of: other))", body: other)
      #expect(put.status == 201)
      #expect(try await registry.api.send("GET", "/v2/team/other/blobs/\(Digest(of: other))").body == other)
      #expect(try await registry.api.send("GET", session).status == 404)
    }
  }

  @Test("a commit writes placement, link and jobs, and announces them")
  func commit() async throws {
    try await RegistryFixture.with { (registry) async throws in
      _ = try await registry.api.push([1, 2, 3], to: "team/app")
      #expect(try await registry.catalog.number("SELECT count(*) FROM placements") == 1)
      #expect(try await registry.catalog.texts("SELECT target FROM jobs") == ["eustorage"])
      let announced = try await registry.queue.receive(
        targets: [registry.catalog.eu], consumer: "c", limit: 10, wait: .seconds(10))
      #expect(announced.count == 1)
    }
  }

  @Test(
    "chunked and streamed, small and beyond parts",
    arguments: [[10, 20, 0, 30], [6 << 20, 6 << 20, 1], [9 << 20, 3]])
  func chunked(_ sizes: [Int]) async throws {
    try await RegistryFixture.with { (registry) async throws in
      let session = try await registry.api.begin("team/app")
      var all: [UInt8] = []
      for (index, size) in sizes.enumerated() {
        let chunk = PushContent.bytes(size, seed: UInt64(index + 1))
        // Every second one without Content-Range, as docker streams.
        let headers =
          index % 2 == 0 && size > 0 ? ["Content-Range": "\(all.count)-\(all.count + size - 1)"] : [:]
        all += chunk
        let answer = try await registry.api.send("PATCH", session, headers: headers, body: chunk)
        #expect(answer.status == 202)
        #expect(answer["range"] == "0-\(all.count - 1)")
        #expect(answer["location"] == session)
        let status = try await registry.api.send("GET", session)
        #expect(status.status == 204)
        #expect(status["range"] == "0-\(all.count - 1)")
      }
      let last = PushContent.bytes(7, seed: 77)
      all += last
      let put = try await registry.api.send(
        "PUT", "\(session)?digest=\(Digest(of: all))",
        headers: ["Content-Range": "\(all.count - 7)-\(all.count - 1)"], body: last)
      #expect(put.status == 201)
      #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(Digest(of: all))").body == all)
    }
  }

  @Test("a transfer-encoded stream and an empty PUT, as docker pushes", arguments: [100, 20 << 20])
  func streamed(_ size: Int) async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(size)
      let session = try await registry.api.begin("team/app")
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send(WireClient.head("PATCH", session, headers: ["Transfer-Encoding": "chunked"]))
      for start in stride(from: 0, to: size, by: 1 << 20) {
        let piece = bytes[start..<min(start + (1 << 20), size)]
        try await client.send("\(String(piece.count, radix: 16))\r\n")
        try await client.send(Array(piece) + Array("\r\n".utf8))
      }
      try await client.send("0\r\n\r\n")
      #expect(try await client.answer()["range"] == "0-\(size - 1)")
      let put = try await client.exchange("PUT", "\(session)?digest=\(Digest(of: bytes))", body: [])
      #expect(put.status == 201)
      await client.close()
      #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(Digest(of: bytes))").body == bytes)
    }
  }

  @Test("an upload begun in one region is continued and ended by an instance of another")
  func resumedElsewhere() async throws {
    try await RegistryFixture.with(instances: 2) { (registry) async throws in
      let bytes = PushContent.bytes(14 << 20)
      let session = try await registry.instances[0].begin("team/app")
      let first = try await registry.instances[0].send("PATCH", session, body: Array(bytes[..<(9 << 20)]))
      #expect(first.status == 202)
      let status = try await registry.instances[1].send("GET", session)
      #expect(status["range"] == "0-\((9 << 20) - 1)")
      let second = try await registry.instances[1].send(
        "PATCH", session, headers: ["Content-Range": "\(9 << 20)-\(bytes.count - 1)"], body: Array(bytes[(9 << 20)...]))
      #expect(second.status == 202)
      let put = try await registry.instances[0].send("PUT", "\(session)?digest=\(Digest(of: bytes))", body: [])
      #expect(put.status == 201)
      #expect(try await registry.instances[1].send("GET", "/v2/team/app/blobs/\(Digest(of: bytes))").body == bytes)
      #expect(try await registry.catalog.texts("SELECT location FROM placements") == ["usstorage"])
    }
  }

  @Test("a wrong digest is refused in every form and nothing is placed")
  func mismatch() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let wrong = Digest(of: Array("something else".utf8))
      let bytes = PushContent.bytes(2 << 20)
      let posted = try await registry.api.send("POST", "/v2/team/app/blobs/uploads/?digest=\(wrong)", body: bytes)
      #expect(posted.status == 400)
      #expect(posted.text.contains("DIGEST_INVALID"))
      for patched in [0, 1000, 9 << 20] {
        let session = try await registry.api.begin("team/app")
        if patched > 0 {
          #expect(try await registry.api.send("PATCH", session, body: PushContent.bytes(patched)).status == 202)
        }
        for body in [[], bytes] where patched > 0 || !body.isEmpty {
          let answer = try await registry.api.send("PUT", "\(session)?digest=\(wrong)", body: body)
          #expect(answer.status == 400 || answer.status == 404)
        }
        #expect(try await registry.api.send("GET", session).status == 404)
      }
      #expect(try await registry.api.send("HEAD", "/v2/team/app/blobs/\(wrong)").status == 404)
      #expect(try await registry.catalog.number("SELECT count(*) FROM placements") == 0)
      #expect(try await registry.catalog.number("SELECT count(*) FROM jobs") == 0)
    }
  }

  @Test("a missing or malformed digest leaves the session usable")
  func badParameter() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let session = try await registry.api.begin("team/app")
      for query in ["", "?digest=", "?digest=sha256:xyz", "?digest=md5:00", "?digest=sha256:%00"] {
        #expect(try await registry.api.send("PUT", session + query, body: [1]).status == 400)
      }
      #expect(try await registry.api.send("PUT", "\(session)?digest=\(Digest(of: [1]))", body: [1]).status == 201)
    }
  }

  @Test("chunks out of order, replayed or of another length are refused and the upload goes on")
  func order() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let session = try await registry.api.begin("team/app")
      func patch(_ range: String, _ body: [UInt8]) async throws -> WireClient.Answer {
        try await registry.api.send("PATCH", session, headers: ["Content-Range": range], body: body)
      }
      #expect(try await patch("5-9", [0, 0, 0, 0, 0]).status == 416)
      let status = try await registry.api.send("GET", session)
      #expect(status.status == 204)
      #expect(status["range"] == "0-0")
      #expect(try await patch("0-4", [1, 2, 3, 4, 5]).status == 202)
      #expect(try await patch("0-4", [1, 2, 3, 4, 5]).status == 416)
      #expect(try await patch("5-9", [6, 7]).status == 400)
      #expect(try await patch("bytes 5-6/7", [6, 7]).status == 416)
      #expect(try await patch("6-5", [6]).status == 416)
      let digest = Digest(of: [1, 2, 3, 4, 5, 6] as [UInt8])
      let early = try await registry.api.send(
        "PUT", "\(session)?digest=\(digest)", headers: ["Content-Range": "9-9"], body: [6])
      #expect(early.status == 416)
      let put = try await registry.api.send(
        "PUT", "\(session)?digest=\(digest)", headers: ["Content-Range": "5-5"], body: [6])
      #expect(put.status == 201)
    }
  }

  @Test("of two writers one is refused, and the upload stays whole")
  func concurrentWriters() async throws {
    try await RegistryFixture.with(instances: 2) { (registry) async throws in
      let session = try await registry.api.begin("team/app")
      let slow = try await WireClient.connect(port: registry.api.port)
      try await slow.send(WireClient.head("PATCH", session, length: 10))
      try await slow.send([1, 2, 3])
      try await registry.untilLocked()
      let second = try await registry.instances[1].send("PATCH", session, headers: ["Content-Range": "0-0"], body: [9])
      #expect(second.status == 416)
      try await slow.send([4, 5, 6, 7, 8, 9, 10])
      #expect(try await slow.answer().status == 202)
      await slow.close()
    }
  }

  @Test("an aborted chunk leaves what has arrived, and the upload can be finished", arguments: [1000, 18 << 20])
  func aborted(_ sentBytes: Int) async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(20 << 20)
      let session = try await registry.api.begin("team/app")
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send(WireClient.head("PATCH", session, length: bytes.count))
      try await client.send(Array(bytes[..<sentBytes]))
      await client.close()
      var range = ""
      let end = ContinuousClock.now + .seconds(20)
      while range != "0-\(sentBytes - 1)", ContinuousClock.now < end {
        range = try await registry.api.send("GET", session)["range"] ?? ""
      }
      #expect(range == "0-\(sentBytes - 1)")
      let headers = ["Content-Range": "\(sentBytes)-\(bytes.count - 1)"]
      let rest = Array(bytes[sentBytes...])
      var resumed = try await registry.api.send("PATCH", session, headers: headers, body: rest)
      while resumed.status == 416, ContinuousClock.now < end {
        resumed = try await registry.api.send("PATCH", session, headers: headers, body: rest)
      }
      #expect(resumed.status == 202)
      #expect(try await registry.api.send("PUT", "\(session)?digest=\(Digest(of: bytes))", body: []).status == 201)
      #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(Digest(of: bytes))").body == bytes)
    }
  }

  @Test("a chunked body that breaks off is never a blob")
  func brokenOff() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let digest = Digest(of: Array("hello".utf8))
      let session = try await registry.api.begin("team/app")
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send(
        WireClient.head("PUT", "\(session)?digest=\(digest)", headers: ["Transfer-Encoding": "chunked"]))
      try await client.send("5\r\nhello\r\n")
      await client.close()
      // The session is free again once the server has noticed.
      let end = ContinuousClock.now + .seconds(10)
      var put = try await registry.api.send("PUT", "\(session)?digest=\(digest)", body: Array("hello".utf8))
      while put.status == 416, ContinuousClock.now < end {
        #expect(try await registry.api.send("HEAD", "/v2/team/app/blobs/\(digest)").status == 404)
        put = try await registry.api.send("PUT", "\(session)?digest=\(digest)", body: Array("hello".utf8))
      }
      #expect(put.status == 201)
    }
  }

  @Test("sha512 without a hint, small and in parts", arguments: [[], [1000], [9 << 20]])
  func sha512(_ patches: [Int]) async throws {
    try await RegistryFixture.with { (registry) async throws in
      let session = try await registry.api.begin("team/app")
      var all: [UInt8] = []
      for size in patches {
        let chunk = PushContent.bytes(size)
        all += chunk
        #expect(try await registry.api.send("PATCH", session, body: chunk).status == 202)
      }
      all += [1, 2, 3]
      let digest = Digest(of: all, algorithm: .sha512)
      #expect(try await registry.api.send("PUT", "\(session)?digest=\(digest)", body: [1, 2, 3]).status == 201)
      #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(digest)").body == all)
      let wrong = Digest(of: [0], algorithm: .sha512)
      let other = try await registry.api.begin("team/app")
      #expect(try await registry.api.send("PATCH", other, body: all).status == 202)
      let refused = try await registry.api.send("PUT", "\(other)?digest=\(wrong)", body: [])
      #expect(refused.status == 400)
      #expect(refused.text.contains("DIGEST_INVALID"))
      #expect(try await registry.api.send("HEAD", "/v2/team/app/blobs/\(wrong)").status == 404)
    }
  }

  @Test("a session is its repository's only, and can be cancelled")
  func sessions() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let session = try await registry.api.begin("team/app")
      let id = session.split(separator: "/").last.map(String.init) ?? ""
      for method in ["GET", "PATCH", "PUT", "DELETE"] {
        let answer = try await registry.api.send(
          method, "/v2/team/other/blobs/uploads/\(id)?digest=\(Digest(of: [1]))", body: method == "GET" ? nil : [1])
        #expect(answer.status == 404, "\(method)")
        #expect(answer.text.contains("BLOB_UPLOAD_UNKNOWN"))
      }
      #expect(try await registry.api.send("DELETE", session).status == 204)
      #expect(try await registry.api.send("DELETE", session).status == 404)
      #expect(
        try await registry.api.send("GET", "/v2/team/app/blobs/uploads/\(String(repeating: "0", count: 36))").status
          == 404)
    }
  }

  @Test("layers beyond the limit are 413, announced or not")
  func layerLimit() async throws {
    try await RegistryFixture.with(maximumLayerBytes: 1 << 20) { (registry) async throws in
      let bytes = PushContent.bytes((1 << 20) + 1)
      #expect(try await registry.api.push(bytes, to: "team/app").status == 413)
      let session = try await registry.api.begin("team/app")
      #expect(try await registry.api.send("PATCH", session, body: Array(bytes[..<1000])).status == 202)
      #expect(try await registry.api.send("PATCH", session, body: Array(bytes[1000...])).status == 413)
      let other = try await registry.api.begin("team/app")
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send(WireClient.head("PATCH", other, headers: ["Transfer-Encoding": "chunked"]))
      try await client.send("200000\r\n")
      try await client.send(PushContent.bytes(2 << 20))
      #expect(try await client.answer().status == 413)
      await client.close()
    }
  }

  @Test("mount links what may be read, and is otherwise an upload like any other")
  func mount() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(100)
      let digest = Digest(of: bytes)
      _ = try await registry.api.push(bytes, to: "team/app")
      let mounted = try await registry.api.send(
        "POST", "/v2/team/new/blobs/uploads/?mount=\(digest)&from=team/app", body: [])
      #expect(mounted.status == 201)
      #expect(try await registry.api.send("GET", "/v2/team/new/blobs/\(digest)").body == bytes)
      for query in [
        "mount=\(Digest(of: [9]))&from=team/app", "mount=\(digest)&from=no/such", "mount=\(digest)",
        "mount=x&from=team/app",
        "mount=\(digest)&from=../x",
      ] {
        let answer = try await registry.api.send("POST", "/v2/team/third/blobs/uploads/?\(query)", body: [])
        #expect(answer.status == 202)
        #expect(answer["location"]?.hasPrefix("/v2/team/third/blobs/uploads/") == true)
      }
      #expect(try await registry.api.send("HEAD", "/v2/team/third/blobs/\(digest)").status == 404)
    }
  }
}
