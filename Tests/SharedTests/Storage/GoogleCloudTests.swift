import Foundation
import HTTPTransport
import Shared
import SharedConfig
import TestSupport
import Testing

@testable import SharedStorage

/// The engine as `GoogleCloudStorage` configures it, against the strict fake of the XML API in `Tests/fakes/gcs`.
@Suite("GoogleCloudStorage against a strict fake", .timeLimit(.minutes(3)))
struct GoogleCloudTests {
  private static func settings(port: UInt16, bucket: String = "images", secretKey: String = "SK") throws -> S3Settings {
    let configuration = try ConfigurationFixtures.load([
      "DISTRIBUTED_STORAGE_CONFIG":
        "{g: [GoogleCloudStorage, {storage_path: /registry, access_key: GOOG1EAK, secret_key: \(secretKey), "
        + "bucket_name: \(bucket), endpoint_url: 'http://127.0.0.1:\(port)'}]}"
    ])
    guard case .s3(let settings)? = configuration.locations.first?.engine else { throw NoGoogleCloud() }
    return settings
  }

  private static func withFake<Value>(_ body: (UInt16) async throws -> Value) async throws -> Value {
    try await withTemporaryFolder { folder in
      try await FakeService.with(
        "gcs",
        ["--access-key", "GOOG1EAK", "--secret-key", "SK", "--bucket", "images", "--bucket", "more", "--data", folder],
        body)
    }
  }

  @discardableResult
  private static func withStore<Value>(
    port: UInt16, bucket: String = "images", secretKey: String = "SK", retry: StorageRetry = StorageRetry(),
    now: (@Sendable () -> Int64)? = nil, _ body: (S3Store) async throws -> Value
  ) async throws -> Value {
    let settings = try settings(port: port, bucket: bucket, secretKey: secretKey)
    return try await S3TestService.withStore(
      try StoreFactory.connection(settings, publicEndpoint: nil), retry: retry, now: now, body)
  }

  @Test(arguments: BlobStoreRule.allCases)
  func contract(_ rule: BlobStoreRule) async throws {
    try await Self.withFake { port in
      try await Self.withStore(port: port) { store in
        try await Self.withStore(port: port, bucket: "more") { neighbour in
          try await rule.check(BlobStoreUnderTest(store, neighbour: neighbour, keepsAttributes: true))
        }
      }
    }
  }

  @Test func aPresignedURLReadsOneObjectAndRanges() async throws {
    try await Self.withFake { port in
      try await Self.withStore(port: port) { store in
        let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
        let bytes = PatternBytes.make(10_000)
        _ = try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
        let url = try #require(try store.presignedGet(key, lifetime: .seconds(60)))
        #expect(try await fetch(url) == .init(status: 200, bytes: bytes))
        #expect(
          try await fetch(url, headers: [("Range", "bytes=100-199")])
            == .init(status: 206, bytes: Array(bytes[100...199])))
        #expect(try await fetch(url, method: "DELETE").status == 403)
        #expect(try await fetch(url.replacing("Expires=60", with: "Expires=600")).status == 403)
      }
    }
  }

  @Test func wrongKeysClocksAndBucketsAreTold() async throws {
    try await Self.withFake { port in
      try await Self.withStore(port: port, secretKey: "wrong", retry: .never) { store in
        await #expect(throws: StorageError.accessDenied(code: "SignatureDoesNotMatch")) { try await store.probe() }
      }
      try await Self.withStore(port: port, bucket: "none", retry: .never) { store in
        await #expect(throws: StorageError.bucketMissing(name: "none")) { try await store.probe() }
      }
      let early: @Sendable () -> Int64 = { Int64(Date.now.timeIntervalSince1970) - 3_600 }
      try await Self.withStore(port: port, retry: .never, now: early) { store in
        await #expect(throws: StorageError.clockSkewed) { try await store.probe() }
        let url = try #require(
          try store.presignedGet(try ObjectKey(parsing: "registry/x"), lifetime: .seconds(60)))
        #expect(try await fetch(url).status == 400)
      }
    }
  }

  @Test func aCopyLargerThanOneRequestIsLeftToOthers() async throws {
    try await Self.withFake { port in
      try await Self.withStore(port: port) { store in
        let key = try ObjectKey(parsing: "registry/x")
        #expect(
          try await store.copy(
            key, at: store, to: try ObjectKey(parsing: "registry/y"), sizeBytes: (5 << 30) + 1,
            attributes: ObjectAttributes()) == nil)
      }
    }
  }

  private struct Fetched: Equatable {
    let status: Int
    var bytes: [UInt8] = []
  }

  private func fetch(
    _ url: String, method: String = "GET", headers: [(name: String, value: String)] = []
  ) async throws -> Fetched {
    let transport = try HTTPTransport()
    let response = try await transport.send(HTTPTransportRequest(method: method, url: url, headers: headers))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    await transport.close()
    return Fetched(status: response.status, bytes: bytes)
  }
}

/// The configuration did not give the engine it names.
private struct NoGoogleCloud: Error {}
