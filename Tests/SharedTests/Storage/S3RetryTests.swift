import Shared
import TestSupport
import Testing

@testable import SharedStorage

@Suite("What the S3 engine tries again, and what it refuses", .timeLimit(.minutes(2)))
struct S3RetryTests {
  private typealias Server = FakeHTTPServer

  @Test func slowDownIsObeyedAndBounded() async throws {
    try await ScriptedS3.withStore { request, number in
      number < 2
        ? ScriptedS3.error(503, "SlowDown", headers: ["Retry-After": "2"]) : .answer(200, method: request.method)
    } _: { store, server, recorder in
      _ = try await store.put(try ScriptedS3.makeKey(), bytes: [1, 2, 3], attributes: ObjectAttributes())
      #expect(server.requests.count == 3)
      #expect(server.requests.allSatisfy { $0.body == [1, 2, 3] })
      #expect(recorder.pauses == [.seconds(2), .seconds(2)])
    }
    try await ScriptedS3.withStore { _, _ in
      ScriptedS3.error(503, "SlowDown")
    } _: { store, server, recorder in
      await #expect(throws: StorageError.slowDown(retryAfter: nil)) {
        _ = try await store.put(try ScriptedS3.makeKey(), bytes: [1], attributes: ObjectAttributes())
      }
      #expect(server.requests.count == 4)
      #expect(recorder.pauses == [.milliseconds(50), .milliseconds(100), .milliseconds(200)])
    }
    try await ScriptedS3.withStore { _, _ in
      ScriptedS3.error(503, "SlowDown", headers: ["Retry-After": "600"])
    } _: { store, server, _ in
      await #expect(throws: StorageError.slowDown(retryAfter: .seconds(600))) {
        try await store.delete(try ScriptedS3.makeKey())
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func aStreamedPutIsNotTriedAgain() async throws {
    try await ScriptedS3.withStore { _, _ in
      ScriptedS3.error(500, "InternalError")
    } _: { store, server, _ in
      let writer = try await store.beginPut(try ScriptedS3.makeKey(), sizeBytes: 3, attributes: ObjectAttributes())
      for byte: UInt8 in 1...3 { try await writer.write([byte]) }
      await #expect(throws: StorageError.unavailable(status: 500, code: "InternalError", retryAfter: nil)) {
        _ = try await writer.finish()
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func aStreamedPutOfOneChunkIsTriedAgain() async throws {
    try await ScriptedS3.withStore { request, number in
      number == 0 ? ScriptedS3.error(500, "InternalError") : .answer(200, method: request.method)
    } _: { store, server, _ in
      let writer = try await store.beginPut(try ScriptedS3.makeKey(), sizeBytes: 3, attributes: ObjectAttributes())
      try await writer.write([1, 2, 3])
      #expect(server.requests.isEmpty)
      _ = try await writer.finish()
      #expect(server.requests.map(\.body) == [[1, 2, 3], [1, 2, 3]])
    }
  }

  @Test(arguments: [(3, true), (2, false)])
  func aStreamedPutWhoseReplyIsLostIsResolvedByLooking(_ size: Int, _ succeeds: Bool) async throws {
    try await ScriptedS3.withStore { request, _ in
      request.method == "HEAD"
        ? ScriptedS3.found(size) : .close
    } _: { store, _, _ in
      let writer = try await store.beginPut(try ScriptedS3.makeKey(), sizeBytes: 3, attributes: ObjectAttributes())
      for byte: UInt8 in 1...3 { try await writer.write([byte]) }
      if succeeds {
        #expect(try await writer.finish().sizeBytes == 3)
      } else {
        await #expect(throws: StorageError.self) { _ = try await writer.finish() }
      }
    }
  }

  @Test func errorsAreToldApart() async throws {
    let key = try ScriptedS3.makeKey()
    let cases: [(Int, String, StorageError)] = [
      (403, "RequestTimeTooSkewed", .clockSkewed),
      (403, "SignatureDoesNotMatch", .accessDenied(code: "SignatureDoesNotMatch")),
      (400, "ExpiredToken", .accessDenied(code: "ExpiredToken")), (404, "NoSuchKey", .objectMissing(key)),
      (404, "NoSuchBucket", .bucketMissing(name: "images")), (507, "Whatever", .full),
      (403, "QuotaExceeded", .full), (400, "EntityTooLarge", .tooLarge(limitBytes: 5 << 30)),
      (400, "X\nY", .refused(status: 400, code: "unrecognised")),
    ]
    for (status, code, expected) in cases {
      try await ScriptedS3.withStore { _, _ in
        ScriptedS3.error(status, code)
      } _: { store, server, _ in
        await #expect(throws: expected) { _ = try await store.open(key, range: nil) }
        #expect(server.requests.count == 1)
      }
    }
  }

  @Test func anotherRegionIsNamedAndNotFollowed() async throws {
    try await ScriptedS3.withStore { request, _ in
      .answer(
        301, headers: ["x-amz-bucket-region": "eu-west-1", "Location": "http://127.0.0.1:1/"], method: request.method)
    } _: { store, server, _ in
      await #expect(throws: StorageError.wrongRegion(name: "eu-west-1", isHere: false)) {
        _ = try await store.head(try ScriptedS3.makeKey())
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func anHTMLPageOfAProxyIsAServerError() async throws {
    try await ScriptedS3.withStore(attempts: 1) { _, _ in
      .answer(502, body: "<html><hr>Bad Gateway</html>")
    } _: { store, _, _ in
      await #expect(throws: StorageError.unavailable(status: 502, code: "HTTP502", retryAfter: nil)) {
        _ = try await store.open(try ScriptedS3.makeKey(), range: nil)
      }
    }
  }

  @Test func theProbeAsksForTheReason() async throws {
    try await ScriptedS3.withStore { request, _ in
      request.method == "HEAD" ? .answer(403, method: "HEAD") : ScriptedS3.error(403, "RequestTimeTooSkewed")
    } _: { store, _, _ in
      await #expect(throws: StorageError.clockSkewed) { try await store.probe() }
    }
    try await ScriptedS3.withStore { request, _ in
      .answer(404, method: request.method)
    } _: { store, _, _ in
      await #expect(throws: StorageError.bucketMissing(name: "images")) { try await store.probe() }
    }
  }
}
