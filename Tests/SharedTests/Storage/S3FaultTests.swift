import HTTPTransport
import Shared
import Synchronization
import TestSupport
import Testing

@testable import SharedStorage

/// The S3 engine against a server that misbehaves as real ones have been seen to.
@Suite("The S3 engine's faults", .timeLimit(.minutes(2)))
struct S3FaultTests {
  private typealias Server = FakeHTTPServer
  private static let key = "registry/blobs/00/00000000000000000000000000000000"
  private static let done = "<CompleteMultipartUploadResult><ETag>\"x-1\"</ETag></CompleteMultipartUploadResult>"

  /// Runs `body` with an engine over a scripted server; pauses are recorded instead of slept.
  private func withStore(
    attempts: Int = 4, stall: Duration = .seconds(30),
    _ script: @escaping @Sendable (Server.Request, Int) -> Server.Reply,
    _ body: (S3Store, Server, SleepRecorder) async throws -> Void
  ) async throws {
    let server = try FakeHTTPServer(script)
    defer { server.stop() }
    let recorder = SleepRecorder()
    var connection = S3Connection(
      endpoint: try #require(S3Endpoint(parsing: server.address)), bucket: "images",
      storagePath: try #require(StoragePath("registry")),
      credentials: .init(accessKey: "AK", secretKey: Secret("SK")))
    connection.deadlines.stall = stall
    connection.deadlines.small = .seconds(10)
    let store = S3Store(
      location: try LocationID(parsing: "us"), connection: connection, transport: try HTTPTransport(),
      retry: StorageRetry(
        maximumAttempts: attempts, budget: RetryBudget(), random: { 0.5 }, sleep: { recorder.record($0) }))
    try await body(store, server, recorder)
    await store.close()
  }

  private func makeKey() throws -> ObjectKey { try ObjectKey(parsing: Self.key) }

  private func complete(_ store: S3Store) async throws -> StoredObject {
    let part = UploadedPart(number: 1, sizeBytes: 5, tag: "\"abc\"")
    return try await store.completeMultipart(
      MultipartUpload(key: try makeKey(), id: "2~id"), parts: [part], sizeBytes: 5)
  }

  private static func error(_ status: Int, _ code: String, headers: [String: String] = [:]) -> Server.Reply {
    .answer(status, headers: headers, body: "<?xml version=\"1.0\"?><Error><Code>\(code)</Code></Error>")
  }

  // MARK: Completion

  @Test func completionFailedInsideA200IsTriedAgain() async throws {
    try await withStore { request, number in
      switch (request.method, number) {
      case ("POST", 0): Self.error(200, "InternalError")
      case ("POST", _): .answer(200, body: Self.done)
      case ("GET", _): .answer(200, body: "<ListPartsResult/>")
      default:
        number < 3
          ? .answer(404, method: "HEAD")
          : .raw(Server.Reply.bytes(200, headers: ["Content-Length": "5"], method: "HEAD"))
      }
    } _: { store, server, _ in
      let object = try await complete(store)
      #expect(object.sizeBytes == 5)
      #expect(server.requests.filter { $0.method == "POST" }.count == 2)
      #expect(
        server.requests.first.map { String(decoding: $0.body, as: UTF8.self) }
          == "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;abc&quot;</ETag></Part>"
          + "</CompleteMultipartUpload>")
    }
  }

  @Test func completionRefusedInsideA200Throws() async throws {
    try await withStore { _, _ in
      Self.error(200, "InvalidPart")
    } _: { store, server, _ in
      await #expect(throws: StorageError.refused(status: 200, code: "InvalidPart")) { _ = try await complete(store) }
      #expect(server.requests.count == 1)
    }
  }

  @Test(arguments: ["<?xml version=\"1.0\"?><CompleteMultipartUploadRes", "<html><body>Bad Gateway</body></html>", ""])
  func completionNotUnderstoodIsResolvedByLooking(_ body: String) async throws {
    try await withStore { request, _ in
      request.method == "HEAD"
        ? .raw(Server.Reply.bytes(200, headers: ["Content-Length": "5"], method: "HEAD")) : .answer(200, body: body)
    } _: { store, server, _ in
      let object = try await complete(store)
      #expect(object.sizeBytes == 5)
      #expect(server.requests.map(\.method) == ["POST", "HEAD"])
    }
  }

  @Test func completionWhoseReplyIsLostIsResolvedByLooking() async throws {
    try await withStore { request, _ in
      request.method == "HEAD"
        ? .raw(Server.Reply.bytes(200, headers: ["Content-Length": "5"], method: "HEAD")) : .close
    } _: { store, _, _ in
      let object = try await complete(store)
      #expect(object.sizeBytes == 5)
    }
  }

  @Test func completionWhoseReplyIsLostWithoutEffectIsTriedAgain() async throws {
    let completed = Atomic<Bool>(false)
    try await withStore { request, number in
      if request.method == "HEAD" {
        return completed.load(ordering: .relaxed)
          ? .raw(Server.Reply.bytes(200, headers: ["Content-Length": "5"], method: "HEAD"))
          : .answer(404, method: "HEAD")
      }
      guard number > 1 else { return .close }
      completed.store(true, ordering: .relaxed)
      return .answer(200, body: Self.done)
    } _: { store, _, _ in
      let object = try await complete(store)
      #expect(object.sizeBytes == 5)
    }
  }

  @Test func completionOfAnotherSizeThrows() async throws {
    try await withStore { request, _ in
      request.method == "HEAD"
        ? .raw(Server.Reply.bytes(200, headers: ["Content-Length": "4"], method: "HEAD"))
        : .answer(200, body: Self.done)
    } _: { store, _, _ in
      await #expect(throws: StorageError.sizeMismatch(expectedBytes: 5, actualBytes: 4)) {
        _ = try await complete(store)
      }
    }
  }

  @Test func completionOfAnUnknownUploadFindsTheObjectOfAnEarlierOne() async throws {
    try await withStore { request, _ in
      request.method == "HEAD"
        ? .raw(Server.Reply.bytes(200, headers: ["Content-Length": "5"], method: "HEAD"))
        : Self.error(404, "NoSuchUpload")
    } _: { store, server, _ in
      let object = try await complete(store)
      #expect(object.sizeBytes == 5)
      #expect(server.requests.count == 2)
    }
  }

  // MARK: Retrying

  @Test func slowDownIsObeyedAndBounded() async throws {
    try await withStore { request, number in
      number < 2 ? Self.error(503, "SlowDown", headers: ["Retry-After": "2"]) : .answer(200, method: request.method)
    } _: { store, server, recorder in
      _ = try await store.put(try makeKey(), bytes: [1, 2, 3], attributes: ObjectAttributes())
      #expect(server.requests.count == 3)
      #expect(server.requests.allSatisfy { $0.body == [1, 2, 3] })
      #expect(recorder.pauses == [.seconds(2), .seconds(2)])
    }
    try await withStore { _, _ in
      Self.error(503, "SlowDown")
    } _: { store, server, recorder in
      await #expect(throws: StorageError.slowDown(retryAfter: nil)) {
        _ = try await store.put(try makeKey(), bytes: [1], attributes: ObjectAttributes())
      }
      #expect(server.requests.count == 4)
      #expect(recorder.pauses == [.milliseconds(50), .milliseconds(100), .milliseconds(200)])
    }
    try await withStore { _, _ in
      Self.error(503, "SlowDown", headers: ["Retry-After": "600"])
    } _: { store, server, _ in
      await #expect(throws: StorageError.slowDown(retryAfter: .seconds(600))) {
        try await store.delete(try makeKey())
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func aStreamedPutIsNotTriedAgain() async throws {
    try await withStore { _, _ in
      Self.error(500, "InternalError")
    } _: { store, server, _ in
      let writer = try await store.beginPut(try makeKey(), sizeBytes: 3, attributes: ObjectAttributes())
      for byte: UInt8 in 1...3 { try await writer.write([byte]) }
      await #expect(throws: StorageError.unavailable(status: 500, code: "InternalError", retryAfter: nil)) {
        _ = try await writer.finish()
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func aStreamedPutOfOneChunkIsTriedAgain() async throws {
    try await withStore { request, number in
      number == 0 ? Self.error(500, "InternalError") : .answer(200, method: request.method)
    } _: { store, server, _ in
      let writer = try await store.beginPut(try makeKey(), sizeBytes: 3, attributes: ObjectAttributes())
      try await writer.write([1, 2, 3])
      #expect(server.requests.isEmpty)
      _ = try await writer.finish()
      #expect(server.requests.map(\.body) == [[1, 2, 3], [1, 2, 3]])
    }
  }

  @Test(arguments: [(3, true), (2, false)])
  func aStreamedPutWhoseReplyIsLostIsResolvedByLooking(_ size: Int, _ succeeds: Bool) async throws {
    try await withStore { request, _ in
      request.method == "HEAD"
        ? .raw(Server.Reply.bytes(200, headers: ["Content-Length": "\(size)"], method: "HEAD")) : .close
    } _: { store, _, _ in
      let writer = try await store.beginPut(try makeKey(), sizeBytes: 3, attributes: ObjectAttributes())
      for byte: UInt8 in 1...3 { try await writer.write([byte]) }
      if succeeds {
        #expect(try await writer.finish().sizeBytes == 3)
      } else {
        await #expect(throws: StorageError.self) { _ = try await writer.finish() }
      }
    }
  }

  // MARK: Refusals

  @Test func errorsAreToldApart() async throws {
    let key = try makeKey()
    let cases: [(Int, String, StorageError)] = [
      (403, "RequestTimeTooSkewed", .clockSkewed),
      (403, "SignatureDoesNotMatch", .accessDenied(code: "SignatureDoesNotMatch")),
      (400, "ExpiredToken", .accessDenied(code: "ExpiredToken")), (404, "NoSuchKey", .objectMissing(key)),
      (404, "NoSuchBucket", .bucketMissing(name: "images")), (507, "Whatever", .full),
      (403, "QuotaExceeded", .full), (400, "EntityTooLarge", .tooLarge(limitBytes: 5 << 30)),
      (400, "X\nY", .refused(status: 400, code: "unrecognised")),
    ]
    for (status, code, expected) in cases {
      try await withStore { _, _ in
        Self.error(status, code)
      } _: { store, server, _ in
        await #expect(throws: expected) { _ = try await store.open(key, range: nil) }
        #expect(server.requests.count == 1)
      }
    }
  }

  @Test func anotherRegionIsNamedAndNotFollowed() async throws {
    try await withStore { request, _ in
      .answer(
        301, headers: ["x-amz-bucket-region": "eu-west-1", "Location": "http://127.0.0.1:1/"], method: request.method)
    } _: { store, server, _ in
      await #expect(throws: StorageError.refused(status: 301, code: "HTTP301.eu-west-1")) {
        _ = try await store.head(try makeKey())
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func anHTMLPageOfAProxyIsAServerError() async throws {
    try await withStore(attempts: 1) { _, _ in
      .answer(502, body: "<html><hr>Bad Gateway</html>")
    } _: { store, _, _ in
      await #expect(throws: StorageError.unavailable(status: 502, code: "HTTP502", retryAfter: nil)) {
        _ = try await store.open(try makeKey(), range: nil)
      }
    }
  }

  @Test func theProbeAsksForTheReason() async throws {
    try await withStore { request, _ in
      request.method == "HEAD" ? .answer(403, method: "HEAD") : Self.error(403, "RequestTimeTooSkewed")
    } _: { store, _, _ in
      await #expect(throws: StorageError.clockSkewed) { try await store.probe() }
    }
    try await withStore { request, _ in
      .answer(404, method: request.method)
    } _: { store, _, _ in
      await #expect(throws: StorageError.bucketMissing(name: "images")) { try await store.probe() }
    }
  }

  // MARK: Bodies

  @Test func aTruncatedBodyNeverEndsInSilence() async throws {
    try await withStore { _, _ in
      .rawThenClose(Server.Reply.bytes(200, headers: ["Content-Length": "10"], body: "12345"))
    } _: { store, _, _ in
      let body = try await store.open(try makeKey(), range: nil)
      await #expect(throws: StorageError.truncated(expectedBytes: 10, receivedBytes: 5)) {
        _ = try await body.collect(limitBytes: 100)
      }
    }
  }

  @Test func aWrongRangeIsRefused() async throws {
    let range = try #require(ByteRange(first: 2, last: 4))
    for reply in [
      Server.Reply.answer(200, body: "0123456789"),
      .answer(206, headers: ["Content-Range": "bytes 0-2/10"], body: "012"),
      .answer(206, headers: ["Content-Range": "bytes 2-4/x"], body: "234"), .answer(206, body: "234"),
    ] {
      try await withStore(attempts: 1) { _, _ in
        reply
      } _: { store, _, _ in
        await #expect(throws: StorageError.self) { _ = try await store.open(try makeKey(), range: range) }
      }
    }
  }

  @Test func aStalledServerIsGivenUp() async throws {
    try await withStore(attempts: 1, stall: .seconds(1)) { _, _ in
      .stall([])
    } _: { store, _, _ in
      await #expect(throws: StorageError.timedOut(phase: "no progress")) {
        _ = try await store.open(try makeKey(), range: nil)
      }
    }
    try await withStore(attempts: 1, stall: .seconds(1)) { _, _ in
      .stall(Server.Reply.bytes(200, headers: ["Content-Length": "10"], body: "12345"))
    } _: { store, _, _ in
      let body = try await store.open(try makeKey(), range: nil)
      await #expect(throws: StorageError.timedOut(phase: "no progress")) {
        _ = try await body.collect(limitBytes: 100)
      }
    }
  }

  @Test func cancellationEndsAStalledCall() async throws {
    try await withStore { _, _ in
      .stall([])
    } _: { store, server, _ in
      let key = try makeKey()
      let task = Task { () -> StorageError? in
        do throws(StorageError) {
          _ = try await store.head(key)
          return nil
        } catch {
          return error
        }
      }
      while server.requests.isEmpty { await Task.yield() }
      task.cancel()
      #expect(await task.value == .cancelled)
    }
  }

  @Test func anEarlyRefusalEndsAStreamedPut() async throws {
    // 64 MiB do not fit into any buffer, so the writer must learn of the answer while it writes. The server reads all.
    try await withStore { _, _ in
      Self.error(403, "AccessDenied")
    } _: { store, _, _ in
      let writer = try await store.beginPut(try makeKey(), sizeBytes: 8 << 20, attributes: ObjectAttributes())
      let error = await #expect(throws: StorageError.self) {
        for _ in 0..<8 { try await writer.write([UInt8](repeating: 0, count: 1 << 20)) }
        _ = try await writer.finish()
      }
      #expect(error == .accessDenied(code: "AccessDenied"))
    }
  }

  @Test func whatIsSentCarriesAttributesAndToken() async throws {
    let server = try FakeHTTPServer { request, _ in .answer(200, method: request.method) }
    defer { server.stop() }
    let connection = S3Connection(
      endpoint: try #require(S3Endpoint(parsing: server.address)), bucket: "images",
      storagePath: try #require(StoragePath("registry")),
      credentials: .init(accessKey: "AK", secretKey: Secret("SK"), sessionToken: Secret("TOKEN")),
      serverSideEncryption: true)
    let store = S3Store(
      location: try LocationID(parsing: "us"), connection: connection, transport: try HTTPTransport(), now: { 0 })
    let digest = Digest(of: [1])
    _ = try await store.put(try makeKey(), bytes: [1], attributes: ObjectAttributes(digest: digest))
    let headers = try #require(server.requests.first?.headers)
    #expect(headers["x-amz-meta-meridian-digest"] == digest.description)
    #expect(headers["x-amz-server-side-encryption"] == "AES256")
    #expect(headers["x-amz-security-token"] == "TOKEN")
    #expect(headers["x-amz-date"] == "19700101T000000Z")
    #expect(headers["content-length"] == "1")
    #expect(
      headers["authorization"]?.contains(
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-meta-meridian-digest;x-amz-security-token;"
          + "x-amz-server-side-encryption") == true)
    await store.close()
  }
}

/// Records pauses instead of making them.
final class SleepRecorder: Sendable {
  private let recorded = Mutex<[Duration]>([])
  var pauses: [Duration] { recorded.withLock { $0 } }
  func record(_ pause: Duration) { recorded.withLock { $0.append(pause) } }
}
