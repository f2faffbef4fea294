import HTTPTransport
import Shared
import TestSupport
import Testing

@testable import SharedStorage

@Suite("Bodies and requests of the S3 engine", .timeLimit(.minutes(2)))
struct S3BodyTests {
  private typealias Server = FakeHTTPServer

  @Test func aTruncatedBodyNeverEndsInSilence() async throws {
    try await ScriptedS3.withStore { _, _ in
      .rawThenClose(Server.Reply.bytes(200, headers: ["Content-Length": "10"], body: "12345"))
    } _: { store, _, _ in
      let body = try await store.open(try ScriptedS3.makeKey(), range: nil)
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
      try await ScriptedS3.withStore(attempts: 1) { _, _ in
        reply
      } _: { store, _, _ in
        await #expect(throws: StorageError.self) { _ = try await store.open(try ScriptedS3.makeKey(), range: range) }
      }
    }
  }

  @Test func aStalledServerIsGivenUp() async throws {
    try await ScriptedS3.withStore(attempts: 1, stall: .seconds(1)) { _, _ in
      .stall([])
    } _: { store, _, _ in
      await #expect(throws: StorageError.timedOut(phase: "no progress")) {
        _ = try await store.open(try ScriptedS3.makeKey(), range: nil)
      }
    }
    try await ScriptedS3.withStore(attempts: 1, stall: .seconds(1)) { _, _ in
      .stall(Server.Reply.bytes(200, headers: ["Content-Length": "10"], body: "12345"))
    } _: { store, _, _ in
      let body = try await store.open(try ScriptedS3.makeKey(), range: nil)
      await #expect(throws: StorageError.timedOut(phase: "no progress")) {
        _ = try await body.collect(limitBytes: 100)
      }
    }
  }

  @Test func cancellationEndsAStalledCall() async throws {
    try await ScriptedS3.withStore { _, _ in
      .stall([])
    } _: { store, server, _ in
      let key = try ScriptedS3.makeKey()
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
    try await ScriptedS3.withStore { _, _ in
      ScriptedS3.error(403, "AccessDenied")
    } _: { store, _, _ in
      let writer = try await store.beginPut(
        try ScriptedS3.makeKey(), sizeBytes: 8 << 20, attributes: ObjectAttributes())
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
      credentials: StoreCredentials(accessKey: "AK", secretKey: Secret("SK"), sessionToken: Secret("TOKEN")),
      serverSideEncryption: true)
    let store = S3Store(
      location: try LocationID(parsing: "us"), connection: connection, transport: try HTTPTransport(), now: { 0 })
    let digest = Digest(of: [1])
    _ = try await store.put(try ScriptedS3.makeKey(), bytes: [1], attributes: ObjectAttributes(digest: digest))
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
