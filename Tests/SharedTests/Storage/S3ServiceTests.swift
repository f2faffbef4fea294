import Foundation
import HTTPTransport
import Shared
import TestSupport
import Testing

@testable import SharedStorage

/// What only a real S3 service can show; skipped where MERIDIAN_TEST_S3 is unset, unless under CI.
@Suite(
  "The S3 engine against a real service", .enabled(if: S3TestService.isDemanded, "MERIDIAN_TEST_S3 is not set"),
  .timeLimit(.minutes(3)))
struct S3ServiceTests {
  private func fetch(
    _ url: String, method: String = "GET", range: String? = nil, body: HTTPRequestBody = .none
  ) async throws -> (status: Int, bytes: [UInt8]) {
    let transport = try HTTPTransport()
    let response = try await transport.send(
      HTTPTransportRequest(method: method, url: url, headers: range.map { [("Range", $0)] } ?? []), body: body)
    let bytes = try await response.body.collect(upTo: 1 << 20)
    await transport.close()
    return (response.status, bytes)
  }

  @Test func aPresignedURLReadsOneObjectAndNothingElse() async throws {
    try await S3TestService.withStore(try S3TestService.connection()) { store in
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      let other = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      let bytes = PatternBytes.make(10_000)
      for each in [key, other] { _ = try await store.put(each, bytes: bytes, attributes: ObjectAttributes()) }
      let url = try #require(try store.presignedGet(key, lifetime: .seconds(60)))

      let whole = try await fetch(url)
      #expect(whole.status == 200 && whole.bytes == bytes)
      let part = try await fetch(url, range: "bytes=100-199")
      #expect(part.status == 206 && part.bytes == Array(bytes[100...199]))

      #expect(try await fetch(url, method: "PUT", body: .bytes([1])).status == 403)
      #expect(try await fetch(url, method: "DELETE").status == 403)
      let elsewhere = url.replacingOccurrences(of: key.description, with: other.description)
      #expect(elsewhere != url)
      #expect(try await fetch(elsewhere).status == 403)
      let longer = url.replacingOccurrences(of: "X-Amz-Expires=60", with: "X-Amz-Expires=600")
      #expect(longer != url)
      #expect(try await fetch(longer).status == 403)
      #expect(try await fetch(url + "0").status == 403)
      #expect(try await store.open(key, range: nil).collect(limitBytes: 10_000) == bytes)
      for each in [key, other] { try await store.delete(each) }
    }
  }

  @Test func aPresignedURLExpiresAndLivesTenMinutesAtMost() async throws {
    let connection = try S3TestService.connection()
    let hourAgo: @Sendable () -> Int64 = { Int64(Date.now.timeIntervalSince1970) - 3_600 }
    try await S3TestService.withStore(connection) { store in
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes())
      try await S3TestService.withStore(connection, now: hourAgo) { early in
        let url = try #require(try early.presignedGet(key, lifetime: .seconds(86_400)))
        #expect(url.contains("X-Amz-Expires=600&"))
        #expect(try await fetch(url).status == 403)
      }
      try await store.delete(key)
    }
  }

  @Test func aPresignedURLNamesThePublicEndpoint() async throws {
    var connection = try S3TestService.connection()
    connection.publicEndpoint = S3Endpoint(parsing: "https://blobs.example.com")
    try await S3TestService.withStore(connection) { store in
      let url = try #require(
        try store.presignedGet(try ObjectKey(parsing: "registry/a+b"), lifetime: .seconds(60)))
      #expect(url.hasPrefix("https://blobs.example.com/\(connection.bucket)/registry/a%2Bb?X-Amz-Algorithm="))
      #expect(url.contains("X-Amz-SignedHeaders=host&"))
      #expect(!url.contains(try #require(connection.credentials.fixed).secretKey.revealed))
    }
  }

  @Test func aMissingBucketIsNamed() async throws {
    let connection = try S3TestService.connection(bucket: "meridian-no-such-bucket")
    try await S3TestService.withStore(connection, retry: .never) { store in
      await #expect(throws: StorageError.bucketMissing(name: "meridian-no-such-bucket")) { try await store.probe() }
      await #expect(throws: StorageError.bucketMissing(name: "meridian-no-such-bucket")) {
        _ = try await store.put(try ObjectKey(parsing: "a"), bytes: [1], attributes: ObjectAttributes())
      }
    }
  }

  @Test func aWrongKeyIsDenied() async throws {
    let connection = try S3TestService.connection(secretKey: "wrong")
    try await S3TestService.withStore(connection, retry: .never) { store in
      await #expect(throws: StorageError.accessDenied(code: "SignatureDoesNotMatch")) { try await store.probe() }
      await #expect(throws: StorageError.accessDenied(code: "SignatureDoesNotMatch")) {
        _ = try await store.open(try ObjectKey(parsing: "a"), range: nil)
      }
    }
  }

  @Test func aWrongClockIsTold() async throws {
    try await S3TestService.withStore(
      try S3TestService.connection(), retry: .never, now: { Int64(Date.now.timeIntervalSince1970) - 7_200 }
    ) { store in
      await #expect(throws: StorageError.clockSkewed) { try await store.probe() }
    }
  }

  @Test func aServiceThatIsDownIsUnreachable() async throws {
    var connection = try S3TestService.connection()
    // Port 1 is reserved and nothing listens there.
    connection.endpoint = try #require(S3Endpoint(parsing: "http://127.0.0.1:1"))
    try await S3TestService.withStore(connection, retry: .never) { store in
      await #expect(throws: StorageError.unreachable(detail: "no connection")) { try await store.probe() }
    }
  }

  @Test func aPipelineFillsAnUpload() async throws {
    try await S3TestService.withStore(try S3TestService.connection()) { store in
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      let piece = PatternBytes.make(1 << 20, seed: 8)
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      let (stream, input) = AsyncStream.makeStream(of: [UInt8].self)
      for _ in 0..<30 { input.yield(piece) }
      input.finish()
      let memory = TransferMemory(capacityBytes: 32 << 20)
      let result = try await PartPipeline(
        store: store, upload: upload, plan: try PartPlan(limits: store.partLimits), memory: memory
      ).run(stream)
      #expect(result.parts.map(\.sizeBytes) == [8 << 20, 8 << 20, 8 << 20, 6 << 20])
      _ = try await store.completeMultipart(upload, parts: result.parts, sizeBytes: 30 << 20)
      try await VerifyingStream(
        try await store.open(key, range: nil), digest: result.hasher.digest(), sizeBytes: 30 << 20
      ).verify()
      #expect(memory.reservedBytes == 0)
      try await store.delete(key)
    }
  }
}
