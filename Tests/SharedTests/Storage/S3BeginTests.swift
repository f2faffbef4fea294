import Shared
import TestSupport
import Testing

@testable import SharedStorage

/// An upload that was begun without our hearing of it must not be begun again and again.
@Suite("What the S3 engine does when the beginning of an upload fails", .timeLimit(.minutes(1)))
struct S3BeginTests {
  private typealias Server = FakeHTTPServer

  private static let begun = Server.Reply.answer(
    200, body: "<InitiateMultipartUploadResult><UploadId>2~x</UploadId></InitiateMultipartUploadResult>")

  @Test func aRefusalIsTriedAgain() async throws {
    for refusal in [ScriptedS3.error(503, "SlowDown"), ScriptedS3.error(503, "ServiceUnavailable")] {
      try await ScriptedS3.withStore { _, number in
        number == 0 ? refusal : Self.begun
      } _: { store, server, _ in
        let upload = try await store.beginMultipart(try ScriptedS3.makeKey(), attributes: ObjectAttributes())
        #expect(upload.id == "2~x")
        #expect(server.requests.count == 2)
      }
    }
  }

  @Test func anUnknownOutcomeIsNotTriedAgain() async throws {
    for reply in [
      Server.Reply.close, ScriptedS3.error(500, "InternalError"), .answer(200, body: "<html/>"), .answer(504),
      .rawThenClose(Array("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<Initiate".utf8)),
    ] {
      try await ScriptedS3.withStore { _, _ in
        reply
      } _: { store, server, _ in
        await #expect(throws: StorageError.self) {
          _ = try await store.beginMultipart(try ScriptedS3.makeKey(), attributes: ObjectAttributes())
        }
        #expect(server.requests.count == 1)
      }
    }
  }
}
