import HTTPTransport
import Shared
import Synchronization
import TestSupport
import Testing

@testable import SharedStorage

@Suite("How the S3 engine has a service copy", .timeLimit(.minutes(1)))
struct S3CopyTests {
  private typealias Server = FakeHTTPServer

  private static let copied = Server.Reply.answer(
    200, body: "<CopyObjectResult><ETag>&quot;x&quot;</ETag></CopyObjectResult>")

  private func source(of store: S3Store, _ change: (inout S3Connection) -> Void = { _ in }) throws -> S3Store {
    var connection = store.client.connection
    connection.bucket = "other bucket"
    change(&connection)
    return S3Store(location: store.location, connection: connection, transport: try HTTPTransport())
  }

  private func copy(_ store: S3Store, from other: S3Store, sizeBytes: Int64) async throws -> StoredObject? {
    let digest = Digest(of: [1])
    return try await store.copy(
      try ObjectKey(parsing: "registry/a+b"), at: other, to: try ScriptedS3.makeKey(), sizeBytes: sizeBytes,
      attributes: ObjectAttributes(digest: digest))
  }

  @Test func oneCallUpToFiveGiBAndRangesAbove() async throws {
    try await ScriptedS3.withStore { request, _ in
      request.method == "HEAD" ? ScriptedS3.found(5 << 30) : Self.copied
    } _: { store, server, _ in
      let other = try source(of: store)
      let object = try await copy(store, from: other, sizeBytes: 5 << 30)
      #expect(object?.sizeBytes == 5 << 30)
      let request = try #require(server.requests.first)
      #expect(request.method == "PUT" && !request.target.contains("?"))
      #expect(request.headers["x-amz-copy-source"] == "/other%20bucket/registry/a%2Bb")
      #expect(request.headers["x-amz-metadata-directive"] == "REPLACE")
      #expect(request.headers["x-amz-meta-meridian-digest"] == Digest(of: [1]).description)
      #expect(server.requests.count == 2)
    }
    let size = Int64(5 << 30) + 1
    try await ScriptedS3.withStore { request, _ in
      switch request.method {
      case "HEAD": ScriptedS3.found(Int(size))
      case "PUT": .answer(200, body: "<CopyPartResult><ETag>x</ETag></CopyPartResult>")
      default:
        request.target.contains("uploads")
          ? .answer(
            200, body: "<InitiateMultipartUploadResult><UploadId>2~x</UploadId></InitiateMultipartUploadResult>")
          : .answer(200, body: "<CompleteMultipartUploadResult/>")
      }
    } _: { store, server, _ in
      let other = try source(of: store)
      #expect(try await copy(store, from: other, sizeBytes: size)?.sizeBytes == size)
      let ranges = server.requests.compactMap { $0.headers["x-amz-copy-source-range"] }.sorted()
      let gib = 1 << 30
      #expect(ranges == ((0..<5).map { "bytes=\($0 * gib)-\(($0 + 1) * gib - 1)" } + ["bytes=\(5 * gib)-\(5 * gib)"]))
    }
  }

  @Test func aFailureOfARangeGivesTheUploadUp() async throws {
    try await ScriptedS3.withStore { request, _ in
      switch request.method {
      case "PUT": ScriptedS3.error(404, "NoSuchKey")
      case "DELETE": .answer(204)
      default:
        .answer(200, body: "<InitiateMultipartUploadResult><UploadId>2~x</UploadId></InitiateMultipartUploadResult>")
      }
    } _: { store, server, _ in
      let other = try source(of: store)
      let missing = StorageError.objectMissing(try ObjectKey(parsing: "registry/a+b"))
      await #expect(throws: missing) {
        _ = try await copy(store, from: other, sizeBytes: 6 << 30)
      }
      #expect(server.requests.last?.method == "DELETE")
    }
  }

  @Test func whoeverCannotOrMayNotLeavesItToOthers() async throws {
    let refusals = [
      ScriptedS3.error(403, "AccessDenied"), ScriptedS3.error(501, "NotImplemented"),
      ScriptedS3.error(405, "MethodNotAllowed"), ScriptedS3.error(400, "InvalidRequest"),
      // S3 may say so after it has begun to answer.
      .answer(200, body: "<Error><Code>AccessDenied</Code></Error>"),
    ]
    for refusal in refusals {
      try await ScriptedS3.withStore { _, _ in
        refusal
      } _: { store, server, _ in
        let object = try await copy(store, from: try source(of: store), sizeBytes: 3)
        #expect(object == nil)
        #expect(server.requests.count == 1)
      }
    }
    try await ScriptedS3.withStore { _, _ in
      Self.copied
    } _: { store, server, _ in
      let elsewhere = try source(of: store) { $0.endpoint = S3Endpoint(parsing: "http://127.0.0.1:1") ?? $0.endpoint }
      #expect(try await copy(store, from: elsewhere, sizeBytes: 3) == nil)
      let someoneElse = try source(of: store) {
        $0.credentials = StoreCredentials(accessKey: "AK2", secretKey: Secret("SK"))
      }
      #expect(try await copy(store, from: someoneElse, sizeBytes: 3) == nil)
      #expect(server.requests.isEmpty)
    }
  }

  @Test func aFailureInsideA200IsOne() async throws {
    try await ScriptedS3.withStore(attempts: 2) { request, _ in
      .answer(200, body: "<Error><Code>InternalError</Code></Error>")
    } _: { store, server, _ in
      let other = try source(of: store)
      await #expect(throws: StorageError.unavailable(status: 200, code: "InternalError", retryAfter: nil)) {
        _ = try await copy(store, from: other, sizeBytes: 3)
      }
      #expect(server.requests.count == 2)
    }
  }

  @Test func aHashIsSignedAndAnAlteredBodySentAgain() async throws {
    try await ScriptedS3.withStore { _, number in
      number == 0 ? ScriptedS3.error(400, "XAmzContentSHA256Mismatch") : .answer(200, headers: ["ETag": "x"])
    } _: { store, server, _ in
      let upload = MultipartUpload(key: try ScriptedS3.makeKey(), id: "2~x")
      let part = try await store.uploadPart(upload, number: 1, slices: [[1], [2]], sha256: Digest(of: [1, 2]))
      #expect(part.sizeBytes == 2)
      #expect(
        server.requests.map { $0.headers["x-amz-content-sha256"] } == [
          Digest(of: [1, 2]).hex, Digest(of: [1, 2]).hex,
        ])
      _ = try await store.uploadPart(upload, number: 2, slices: [[1]])
      #expect(server.requests.last?.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD")
    }
  }
}
