import Shared
import Synchronization
import TestSupport
import Testing

@testable import SharedStorage

@Suite("Completing a multipart upload when S3 misbehaves", .timeLimit(.minutes(2)))
struct S3CompletionTests {
  private typealias Server = FakeHTTPServer
  private static let done = "<CompleteMultipartUploadResult><ETag>\"x-1\"</ETag></CompleteMultipartUploadResult>"

  private func complete(_ store: S3Store) async throws -> StoredObject {
    let part = UploadedPart(number: 1, sizeBytes: 5, tag: "\"abc\"")
    return try await store.completeMultipart(
      MultipartUpload(key: try ScriptedS3.makeKey(), id: "2~id"), parts: [part], sizeBytes: 5)
  }

  @Test func completionFailedInsideA200IsTriedAgain() async throws {
    try await ScriptedS3.withStore { request, number in
      switch (request.method, number) {
      case ("POST", 0): ScriptedS3.error(200, "InternalError")
      case ("POST", _): .answer(200, body: Self.done)
      case ("GET", _): .answer(200, body: "<ListPartsResult/>")
      default:
        number < 3
          ? .answer(404, method: "HEAD")
          : ScriptedS3.found(5)
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
    try await ScriptedS3.withStore { _, _ in
      ScriptedS3.error(200, "InvalidPart")
    } _: { store, server, _ in
      await #expect(throws: StorageError.refused(status: 200, code: "InvalidPart")) { _ = try await complete(store) }
      #expect(server.requests.count == 1)
    }
  }

  @Test(arguments: ["<?xml version=\"1.0\"?><CompleteMultipartUploadRes", "<html><body>Bad Gateway</body></html>", ""])
  func completionNotUnderstoodIsResolvedByLooking(_ body: String) async throws {
    try await ScriptedS3.withStore { request, _ in
      request.method == "HEAD"
        ? ScriptedS3.found(5) : .answer(200, body: body)
    } _: { store, server, _ in
      let object = try await complete(store)
      #expect(object.sizeBytes == 5)
      #expect(server.requests.map(\.method) == ["POST", "HEAD"])
    }
  }

  @Test func completionWhoseReplyIsLostIsResolvedByLooking() async throws {
    try await ScriptedS3.withStore { request, _ in
      request.method == "HEAD"
        ? ScriptedS3.found(5) : .close
    } _: { store, _, _ in
      let object = try await complete(store)
      #expect(object.sizeBytes == 5)
    }
  }

  @Test func completionWhoseReplyIsLostWithoutEffectIsTriedAgain() async throws {
    let completed = Atomic<Bool>(false)
    try await ScriptedS3.withStore { request, number in
      if request.method == "HEAD" {
        return completed.load(ordering: .relaxed)
          ? ScriptedS3.found(5)
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
    try await ScriptedS3.withStore { request, _ in
      request.method == "HEAD"
        ? ScriptedS3.found(4)
        : .answer(200, body: Self.done)
    } _: { store, _, _ in
      await #expect(throws: StorageError.sizeMismatch(expectedBytes: 5, actualBytes: 4)) {
        _ = try await complete(store)
      }
    }
  }

  @Test func completionOfAnUnknownUploadFindsTheObjectOfAnEarlierOne() async throws {
    try await ScriptedS3.withStore { request, _ in
      request.method == "HEAD"
        ? ScriptedS3.found(5)
        : ScriptedS3.error(404, "NoSuchUpload")
    } _: { store, server, _ in
      let object = try await complete(store)
      #expect(object.sizeBytes == 5)
      #expect(server.requests.count == 2)
    }
  }
}
