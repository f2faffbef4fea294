import HTTPTransport
import Shared
import SharedConfig
import TestSupport
import Testing

@testable import SharedStorage

/// What a server that misbehaves is answered with; the server plays sign-in and store.
@Suite("The Swift engine against a server that lies or breaks", .timeLimit(.minutes(2)))
struct OpenStackFaultTests {
  private typealias Server = FakeHTTPServer
  private static let key = "registry/blobs/00/00000000000000000000000000000000"

  private func withStore(
    retryCount: Int = 0, _ script: @escaping @Sendable (Server.Request) -> Server.Reply,
    _ body: (OpenStackStore, ObjectKey, Server) async throws -> Void
  ) async throws {
    let server = try Server { request, _ in
      guard request.target != "/auth" else {
        let url = "http://\(request.headers["host"] ?? "")/v1/a"
        return .answer(200, headers: ["X-Auth-Token": "T", "X-Storage-Url": url])
      }
      return script(request)
    }
    defer { server.stop() }
    let settings = OpenStackSettings(
      container: "images", storagePath: try #require(StoragePath("registry")),
      signIn: OpenStackSignIn(
        version: .one, address: "\(server.address)/auth", user: .name("u"), password: Secret("p")),
      retryCount: retryCount)
    var connection = OpenStackConnection(settings)
    connection.deadlines.stall = .seconds(1)
    try await OpenStackTestService.withStore(
      connection, retry: StorageRetry(maximumAttempts: retryCount + 1, sleep: { _ in })
    ) { store in try await body(store, try ObjectKey(parsing: Self.key), server) }
  }

  @Test func statusesAreToldApart() async throws {
    let key = try ObjectKey(parsing: Self.key)
    let cases: [(Int, StorageError)] = [
      (403, .accessDenied(code: "HTTP403")), (404, .objectMissing(key)), (409, .objectMissing(key)),
      (416, .refused(status: 416, code: "InvalidRange")), (429, .slowDown(retryAfter: nil)),
      (498, .slowDown(retryAfter: nil)), (503, .unavailable(status: 503, code: "HTTP503", retryAfter: nil)),
      (507, .full), (408, .timedOut(phase: "request")), (412, .refused(status: 412, code: "HTTP412")),
    ]
    for (status, expected) in cases {
      try await withStore {
        .answer(status, body: "<html>no</html>", method: $0.method)
      } _: { store, key, _ in
        await #expect(throws: expected, "\(status)") { _ = try await store.open(key, range: nil) }
      }
    }
    let writes: [(Int, StorageError)] = [
      (404, .bucketMissing(name: "images")), (413, .full), (422, .bodyAltered(code: "EtagMismatch")),
    ]
    for (status, expected) in writes {
      try await withStore {
        .answer(status, method: $0.method)
      } _: { store, key, _ in
        await #expect(throws: expected, "\(status)") {
          _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes())
        }
      }
    }
  }

  @Test func bodiesInTheClearCarryTheirChecksum() async throws {
    try await withStore { _ in
      .answer(201, headers: ["ETag": "5289df737df57326fcdd22597afb1fac"])
    } _: { store, key, server in
      let digest = Digest(of: [1, 2, 3])
      _ = try await store.put(key, slices: [[1], [2, 3]], attributes: ObjectAttributes(digest: digest))
      let sent = try #require(server.requests.last)
      #expect(sent.method == "PUT" && sent.target == "/v1/a/images/\(key)" && sent.body == [1, 2, 3])
      #expect(sent.headers["etag"] == "5289df737df57326fcdd22597afb1fac" && sent.headers["x-auth-token"] == "T")
      #expect(sent.headers["x-object-meta-meridian-digest"] == digest.description)
      #expect(sent.headers["content-type"] == "application/octet-stream")
    }
  }

  @Test func aStreamedBodyThatChangedOnTheWayIsRemoved() async throws {
    try await withStore { request in
      request.method == "DELETE"
        ? .answer(204, method: "DELETE") : .answer(201, headers: ["ETag": "00000000000000000000000000000000"])
    } _: { store, key, server in
      let writer = try await store.beginPut(key, sizeBytes: 2, attributes: ObjectAttributes())
      for byte: UInt8 in 1...2 { try await writer.write([byte]) }
      await #expect(throws: StorageError.bodyAltered(code: "EtagMismatch")) { _ = try await writer.finish() }
      #expect(server.requests.map(\.method) == ["GET", "PUT", "DELETE"])
    }
  }

  @Test(arguments: [(3, true), (2, false)])
  func aStreamedPutWhoseReplyIsLostIsResolvedByLooking(_ size: Int, _ succeeds: Bool) async throws {
    try await withStore { request in
      request.method == "HEAD"
        ? .raw(Server.Reply.bytes(200, headers: ["Content-Length": "\(size)"], method: "HEAD")) : .close
    } _: { store, key, _ in
      let writer = try await store.beginPut(key, sizeBytes: 3, attributes: ObjectAttributes())
      for byte: UInt8 in 1...3 { try await writer.write([byte]) }
      if succeeds {
        #expect(try await writer.finish().sizeBytes == 3)
      } else {
        await #expect(throws: StorageError.self) { _ = try await writer.finish() }
      }
    }
  }

  @Test func anEarlyRefusalEndsAStreamedPut() async throws {
    try await withStore { _ in
      .answer(403)
    } _: { store, key, _ in
      let writer = try await store.beginPut(key, sizeBytes: 8 << 20, attributes: ObjectAttributes())
      let error = await #expect(throws: StorageError.self) {
        for _ in 0..<8 { try await writer.write([UInt8](repeating: 0, count: 1 << 20)) }
        _ = try await writer.finish()
      }
      #expect(error == .accessDenied(code: "HTTP403"))
    }
  }

  @Test func aTokenThatEndsDuringAStreamIsForgotten() async throws {
    try await withStore { _ in
      .answer(401)
    } _: { store, key, server in
      let writer = try await store.beginPut(key, sizeBytes: 2, attributes: ObjectAttributes())
      let error = await #expect(throws: StorageError.self) {
        for byte: UInt8 in 1...2 { try await writer.write([byte]) }
        _ = try await writer.finish()
      }
      #expect(error == .unavailable(status: 401, code: "TokenExpired", retryAfter: nil))
      #expect(error?.isRetryable == true)
      // It fails again; what matters is that it asks for another token.
      _ = try? await store.head(key)
      let signedIn = server.requests.filter { $0.target == "/auth" }
      #expect(signedIn.count >= 2)
    }
  }

  @Test func bodiesNeverEndInSilence() async throws {
    try await withStore { _ in
      .rawThenClose(Server.Reply.bytes(200, headers: ["Content-Length": "10"], body: "12345"))
    } _: { store, key, _ in
      let body = try await store.open(key, range: nil)
      await #expect(throws: StorageError.truncated(expectedBytes: 10, receivedBytes: 5)) {
        _ = try await body.collect(limitBytes: 100)
      }
    }
    try await withStore { _ in
      .stall(Server.Reply.bytes(200, headers: ["Content-Length": "10"], body: "12345"))
    } _: { store, key, _ in
      let body = try await store.open(key, range: nil)
      await #expect(throws: StorageError.timedOut(phase: "no progress")) { _ = try await body.collect(limitBytes: 100) }
    }
    let range = try #require(ByteRange(first: 2, last: 4))
    for reply in [
      Server.Reply.answer(200, body: "0123456789"),
      .answer(206, headers: ["Content-Range": "bytes 0-2/10"], body: "012"), .answer(206, body: "234"),
    ] {
      try await withStore { _ in
        reply
      } _: { store, key, _ in
        await #expect(throws: StorageError.self) { _ = try await store.open(key, range: range) }
      }
    }
  }

  /// The mark of an upload is taken away by somebody else between the manifest and our own try.
  @Test(arguments: [true, false])
  func aMarkThatIsGoneIsLookedInto(_ isEnding: Bool) async throws {
    try await withStore { request in
      switch request.method {
      case "HEAD" where request.target.hasSuffix(".ending"): .answer(isEnding ? 200 : 404, method: "HEAD")
      case "HEAD":
        .raw(Server.Reply.bytes(200, headers: ["Content-Length": "3"], method: "HEAD"))
      case "PUT": .answer(201, headers: ["ETag": "\"900150983cd24fb0d6963f7d28e17f72\""])
      default: .answer(404, method: request.method)
      }
    } _: { store, key, server in
      let upload = MultipartUpload(key: key, id: RandomIdentifier().hex)
      let part = UploadedPart(number: 1, sizeBytes: 3, tag: "900150983cd24fb0d6963f7d28e17f72-00000000")
      if isEnding {
        await #expect(throws: StorageError.uploadMissing(upload)) {
          _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 3)
        }
      } else {
        _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 3)
      }
      // The manifest is written again, for which the store looks at the segments; the only deletion is that of the mark.
      let methods = server.requests.map(\.method)
      #expect(methods == ["GET", "HEAD", "PUT", "DELETE", "HEAD"] + (isEnding ? [] : ["PUT", "HEAD"]))
      #expect(server.requests[3].target.contains("/.meridian-uploads/open/"))
    }
  }

  @Test func aStoreThatCannotCopyIsFoundOut() async throws {
    try await withStore { request in
      switch request.method {
      case "PUT": .answer(201, headers: ["ETag": "d41d8cd98f00b204e9800998ecf8427e"])
      default: .answer(204, method: request.method)
      }
    } _: { store, key, server in
      let copy = try await store.copy(key, at: store, to: key, sizeBytes: 3, attributes: ObjectAttributes())
      #expect(copy == nil)
      #expect(server.requests.map(\.method) == ["GET", "PUT", "DELETE"])
      #expect(server.requests[1].headers["x-copy-from"] == "/images/\(key)")
    }
  }

  @Test(arguments: [
    "{}", "[{}]", #"[{"name":"other/x","bytes":1,"last_modified":"2026-11-21T17:05:12.479000"}]"#,
    #"[{"name":"registry/x","bytes":-1,"last_modified":"2026-11-21T17:05:12.479000"}]"#,
    #"[{"name":"registry/x","bytes":1,"last_modified":"yesterday"}]"#,
    #"[{"name":"registry/x","bytes":1,"last_modified":"2026-11-21T17:05:12.479000"},{"name":"registry/a","bytes":1,"last_modified":"2026-11-21T17:05:12.479000"}]"#,
    "<html>",
  ])
  func listingsAreNotBelieved(_ body: String) async throws {
    try await withStore { _ in
      .answer(200, headers: ["Date": "Sat, 21 Nov 2026 17:05:12 GMT"], body: body)
    } _: { store, _, _ in
      guard body != "{}" else { return }
      await #expect(throws: StorageError.self) { _ = try await store.list(after: nil, limit: 10) }
    }
  }
}
