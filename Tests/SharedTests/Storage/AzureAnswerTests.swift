import HTTPTransport
import Shared
import TestSupport
import Testing

@testable import SharedStorage

@Suite("What the Azure engine tries again, and what it refuses", .timeLimit(.minutes(2)))
struct AzureAnswerTests {
  private typealias Server = FakeHTTPServer

  /// Runs `body` with an engine over a scripted server; pauses are recorded instead of slept.
  private func withStore(
    attempts: Int = 4, _ script: @escaping @Sendable (Server.Request, Int) -> Server.Reply,
    _ body: (AzureStore, Server, SleepRecorder) async throws -> Void
  ) async throws {
    let server = try FakeHTTPServer(script)
    defer { server.stop() }
    let recorder = SleepRecorder()
    let settings = AzureSettings(
      endpoint: try #require(StoreEndpoint(parsing: server.address)), accountName: "fakeaccount", accountInPath: true,
      container: "images", storagePath: try #require(StoragePath("registry")),
      authorization: .sharedKey(Secret(AzureFake.key)))
    let retry = StorageRetry(
      maximumAttempts: attempts, budget: RetryBudget(), random: { 0.5 }, sleep: { recorder.record($0) })
    try await AzureFake.withStore(settings, retry: retry) { store in try await body(store, server, recorder) }
  }

  private static func error(_ status: Int, _ code: String, headers: [String: String] = [:]) -> Server.Reply {
    .answer(
      status, headers: headers.merging(["x-ms-error-code": code]) { first, _ in first },
      body: "<?xml version=\"1.0\"?><Error><Code>\(code)</Code></Error>")
  }

  private static func found(_ sizeBytes: Int, headers: [String: String] = [:]) -> Server.Reply {
    .raw(
      Server.Reply.bytes(
        200, headers: headers.merging(["Content-Length": "\(sizeBytes)", "ETag": "\"1\""]) { first, _ in first },
        method: "HEAD"))
  }

  @Test func throttlingIsObeyedAndBounded() async throws {
    for (status, code) in [(503, "ServerBusy"), (429, "TooManyRequests")] {
      try await withStore { _, number in
        number < 2 ? Self.error(status, code, headers: ["Retry-After": "2"]) : .answer(201)
      } _: { store, server, recorder in
        _ = try await store.put(try ScriptedS3.makeKey(), bytes: [1, 2, 3], attributes: ObjectAttributes())
        #expect(server.requests.count == 3 && server.requests.allSatisfy { $0.body == [1, 2, 3] })
        #expect(recorder.pauses == [.seconds(2), .seconds(2)])
      }
    }
    try await withStore { _, _ in
      Self.error(503, "ServerBusy", headers: ["Retry-After": "600"])
    } _: { store, server, _ in
      await #expect(throws: StorageError.slowDown(retryAfter: .seconds(600))) {
        try await store.delete(try ScriptedS3.makeKey())
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func aPlainLinkCarriesChecksumsAndAnAlteredBodyIsSentAgain() async throws {
    try await withStore { _, number in
      number == 0 ? Self.error(400, "Md5Mismatch") : .answer(201)
    } _: { store, server, _ in
      _ = try await store.put(try ScriptedS3.makeKey(), slices: [[1], [2, 3]], attributes: ObjectAttributes())
      #expect(
        server.requests.map { $0.headers["content-md5"] } == Array(repeating: "Uonfc331cyb83SJZevsfrA==", count: 2))
    }
    try await withStore(attempts: 1) { _, _ in
      Self.error(400, "Md5Mismatch")
    } _: { store, _, _ in
      await #expect(throws: StorageError.bodyAltered(code: "Md5Mismatch")) {
        _ = try await store.put(try ScriptedS3.makeKey(), bytes: [1], attributes: ObjectAttributes())
      }
    }
  }

  @Test func errorsAreToldApart() async throws {
    let key = try ScriptedS3.makeKey()
    let cases: [(Int, String, StorageError)] = [
      (404, "BlobNotFound", .objectMissing(key)), (404, "ContainerNotFound", .bucketMissing(name: "images")),
      (403, "AuthenticationFailed", .accessDenied(code: "AuthenticationFailed")),
      (403, "AuthorizationFailure", .accessDenied(code: "AuthorizationFailure")),
      (401, "NoAuthenticationInformation", .accessDenied(code: "NoAuthenticationInformation")),
      (409, "BlobArchived", .refused(status: 409, code: "BlobArchived")), (507, "Whatever", .full),
      (416, "InvalidRange", .refused(status: 416, code: "InvalidRange")),
      (413, "RequestBodyTooLarge", .tooLarge(limitBytes: 5_000 << 20)),
      (500, "OperationTimedOut", .unavailable(status: 500, code: "OperationTimedOut", retryAfter: nil)),
      (409, "ContainerBeingDeleted", .unavailable(status: 409, code: "ContainerBeingDeleted", retryAfter: nil)),
      (400, "X Y", .refused(status: 400, code: "unrecognised")),
    ]
    for (status, code, expected) in cases {
      try await withStore(attempts: 1) { _, _ in
        Self.error(status, code)
      } _: { store, _, _ in
        await #expect(throws: expected) { _ = try await store.open(key, range: nil) }
      }
    }
    // An old emulator says the code in the body only; a proxy says none.
    try await withStore(attempts: 1) { _, _ in
      .answer(404, body: "<Error><Code>ContainerNotFound</Code></Error>")
    } _: { store, _, _ in
      await #expect(throws: StorageError.bucketMissing(name: "images")) { _ = try await store.open(key, range: nil) }
    }
    try await withStore(attempts: 1) { _, _ in
      .answer(502, body: "<html><hr>Bad Gateway</html>")
    } _: { store, _, _ in
      await #expect(throws: StorageError.unavailable(status: 502, code: "HTTP502", retryAfter: nil)) {
        _ = try await store.open(key, range: nil)
      }
    }
  }

  @Test func aBodyThatBreaksOffIsNotTakenForTheEnd() async throws {
    try await withStore { _, _ in
      .rawThenClose(Server.Reply.bytes(200, headers: ["Content-Length": "10"], body: "12345"))
    } _: { store, _, _ in
      let body = try await store.open(try ScriptedS3.makeKey(), range: nil)
      await #expect(throws: StorageError.truncated(expectedBytes: 10, receivedBytes: 5)) {
        _ = try await body.collect(limitBytes: 10)
      }
    }
  }

  @Test(arguments: [(3, true), (2, false)])
  func aCompletionWhoseReplyIsLostIsResolvedByLooking(_ size: Int, _ succeeds: Bool) async throws {
    try await withStore(attempts: 2) { request, _ in
      switch request.method {
      case "HEAD": request.target.contains(".meridian-uploads") ? Self.found(0) : Self.found(size)
      case "PUT": .close
      default: .answer(202)
      }
    } _: { store, server, _ in
      let upload = MultipartUpload(key: try ScriptedS3.makeKey(), id: RandomIdentifier().hex)
      let part = UploadedPart(number: 1, sizeBytes: 3, tag: AzureBlockID.fresh(number: 1))
      if succeeds {
        #expect(try await store.completeMultipart(upload, parts: [part], sizeBytes: 3).sizeBytes == 3)
        #expect(server.requests.last?.method == "DELETE")
      } else {
        await #expect(throws: StorageError.unreachable(detail: "the connection broke while receiving")) {
          _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 3)
        }
      }
      let commit = try #require(server.requests.first { $0.method == "PUT" })
      #expect(commit.headers["if-none-match"] == "*" && commit.target.hasSuffix("?comp=blocklist"))
      #expect(String(decoding: commit.body, as: UTF8.self).contains("<Uncommitted>\(part.tag)</Uncommitted>"))
    }
  }

  @Test func aPlaceKeptByAnAbortIsNoObject() async throws {
    try await withStore(attempts: 1) { request, _ in
      guard request.method == "HEAD" else { return Self.error(409, "BlobAlreadyExists") }
      return request.target.contains(".meridian-uploads")
        ? Self.found(0) : Self.found(0, headers: [AzureStore.abortedHeader: "x"])
    } _: { store, _, _ in
      let upload = MultipartUpload(key: try ScriptedS3.makeKey(), id: RandomIdentifier().hex)
      let part = UploadedPart(number: 1, sizeBytes: 0, tag: AzureBlockID.ofNothing)
      await #expect(throws: StorageError.refused(status: 409, code: "BlobAlreadyExists")) {
        _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 0)
      }
    }
  }

  @Test(arguments: [true, false])
  func aCopyThatFailsDropsItsBlocks(_ isRefused: Bool) async throws {
    try await withStore(attempts: 1) { request, _ in
      switch (request.method, request.target.contains("comp=block&")) {
      case ("HEAD", _): Self.found(600 << 20)
      case ("PUT", true):
        isRefused ? Self.error(403, "CannotVerifyCopySource") : Self.error(500, "InternalError")
      case ("PUT", false): .answer(201, headers: ["ETag": "\"1\""])
      default: .answer(202)
      }
    } _: { store, server, _ in
      let (source, key) = (try ObjectKey(parsing: "registry/a+b"), try ScriptedS3.makeKey())
      let copying = { () async throws -> StoredObject? in
        try await store.copy(source, at: store, to: key, sizeBytes: 600 << 20, attributes: ObjectAttributes())
      }
      if isRefused {
        // Reading and writing may be allowed all the same.
        #expect(try await copying() == nil)
      } else {
        await #expect(throws: StorageError.unavailable(status: 500, code: "InternalError", retryAfter: nil)) {
          _ = try await copying()
        }
      }
      let block = try #require(server.requests.first { $0.target.contains("comp=block&") })
      #expect(block.headers["x-ms-copy-source"]?.contains("/images/registry/a%2Bb?sp=r&") == true)
      #expect(block.body.isEmpty && block.headers["x-ms-source-range"]?.hasPrefix("bytes=") == true)
      // Nothing is committed in their place, and that goes again.
      let (drop, deletion) = (server.requests[server.requests.count - 2], server.requests[server.requests.count - 1])
      #expect(drop.target.hasSuffix("comp=blocklist") && drop.headers[AzureStore.abortedHeader] != nil)
      #expect(deletion.method == "DELETE" && deletion.headers["if-match"] == "\"1\"")
    }
  }

  @Test func onlyTheFirstPartAsksWhetherItsUploadIsOpen() async throws {
    try await withStore { request, _ in
      request.method == "HEAD" ? Self.found(0) : .answer(201)
    } _: { store, server, _ in
      let upload = MultipartUpload(key: try ScriptedS3.makeKey(), id: RandomIdentifier().hex)
      for number in 1...3 { _ = try await store.uploadPart(upload, number: number, slices: [[1]]) }
      #expect(server.requests.map(\.method) == ["HEAD", "PUT", "PUT", "PUT"])
    }
  }

  @Test func listingsAreNotBelieved() async throws {
    func blob(_ name: String, _ more: String = "") -> String {
      "<Blob><Name>\(name)</Name><Properties><Last-Modified>Sat, 21 Nov 2026 17:05:12 GMT</Last-Modified>"
        + "<Content-Length>1</Content-Length>\(more)</Properties></Blob>"
    }
    func answer(_ blobs: String, next: String = "") -> Server.Reply {
      .answer(
        200, headers: ["Date": "Sat, 21 Nov 2026 17:05:13 GMT"],
        body: "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>\(blobs)</Blobs>"
          + "<NextMarker>\(next)</NextMarker></EnumerationResults>")
    }
    let good = blob("registry/a") + blob("registry/b", "<ResourceType>directory</ResourceType>") + blob("registry/é")
    let reply = answer(good)
    try await withStore { _, _ in
      reply
    } _: { store, server, _ in
      let page = try await store.list(after: nil, limit: 5)
      #expect(page.objects.map(\.name) == ["registry/a"] && !page.isTruncated)
      #expect(page.asOfMs - (page.objects.first?.modifiedAtMs ?? 0) == 1_000)
      #expect(
        server.requests.first?.target
          == "/fakeaccount/images?comp=list&maxresults=5&restype=container&prefix=registry%2F")
    }
    let bad = [
      answer(blob("registry/b") + blob("registry/a")), answer(blob("elsewhere/a")), answer("<Blob/>"),
      answer(blob("registry/a").replacing("<Content-Length>1<", with: "<Content-Length>-1<")),
      .answer(200, body: "<ListBucketResult/>"), answer((0..<6).map { blob("registry/\($0)") }.joined()),
    ]
    for reply in bad {
      try await withStore(attempts: 1) { _, _ in
        reply
      } _: { store, _, _ in
        await #expect {
          _ = try await store.list(after: nil, limit: 5)
        } throws: { error in
          if case .invalidResponse = error as? StorageError { true } else { false }
        }
      }
    }
  }

  @Test func aPageThatLeadsNowhereIsRefused() async throws {
    let reply = Server.Reply.answer(
      200, headers: ["Date": "Sat, 21 Nov 2026 17:05:13 GMT"],
      body: "<EnumerationResults><Blobs></Blobs><NextMarker>m</NextMarker></EnumerationResults>")
    try await withStore(attempts: 1) { _, _ in
      reply
    } _: { store, server, _ in
      await #expect(throws: StorageError.invalidResponse(detail: "a page that leads nowhere")) {
        _ = try await store.list(after: nil, limit: 5)
      }
      #expect(server.requests.count == 2)
    }
  }
}
