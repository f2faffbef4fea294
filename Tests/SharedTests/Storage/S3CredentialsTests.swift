import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

@testable import SharedStorage

@Suite("What the S3 engine does about credentials and regions a store refuses", .timeLimit(.minutes(1)))
struct S3CredentialsTests {
  private static func region(of request: FakeHTTPServer.Request) -> String? {
    let scope = request.headers["authorization"]?.split(separator: "/")
    return scope.flatMap { $0.count > 3 ? String($0[2]) : nil }
  }

  private static func malformed(_ region: String) -> FakeHTTPServer.Reply {
    .answer(
      400,
      body: "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong</Message>"
        + "<Region>\(region)</Region></Error>")
  }

  @Test func theRegionAStoreNamesIsSignedForFromThenOn() async throws {
    try await ScriptedS3.withStore { request, _ in
      guard Self.region(of: request) == "eu-west-1" else {
        return request.method == "HEAD"
          ? .answer(400, headers: ["x-amz-bucket-region": "eu-west-1"], method: "HEAD") : Self.malformed("eu-west-1")
      }
      return request.method == "HEAD" ? ScriptedS3.found(3) : .answer(200, body: "abc")
    } _: { store, server, recorder in
      let key = try ScriptedS3.makeKey()
      _ = try await store.put(key, bytes: [1, 2, 3], attributes: ObjectAttributes())
      #expect(server.requests.map(\.body) == [[1, 2, 3], [1, 2, 3]])
      #expect(try await store.head(key)?.sizeBytes == 3)
      #expect(try await store.open(key, range: nil).collect(limitBytes: 3) == Array("abc".utf8))
      #expect(server.requests.map { Self.region(of: $0) } == ["us-east-1", "eu-west-1", "eu-west-1", "eu-west-1"])
      #expect(recorder.pauses.isEmpty)
      let url = try #require(try store.presignedGet(key, lifetime: .seconds(60)))
      #expect(url.contains("%2Feu-west-1%2Fs3%2F"))
    }
  }

  @Test func theRegionIsLearntFromAHeadToo() async throws {
    try await ScriptedS3.withStore { request, _ in
      Self.region(of: request) == "ap-south-1"
        ? .answer(200, method: "HEAD") : .answer(400, headers: ["x-amz-bucket-region": "ap-south-1"], method: "HEAD")
    } _: { store, server, _ in
      try await store.probe()
      #expect(server.requests.count == 2)
    }
  }

  @Test func aStoreThatNamesOneRegionAfterAnotherIsNotFollowedForEver() async throws {
    try await ScriptedS3.withStore { _, number in
      Self.malformed("region-\(number)")
    } _: { store, server, _ in
      await #expect(throws: StorageError.wrongRegion(name: "region-1", isHere: true)) {
        _ = try await store.put(try ScriptedS3.makeKey(), bytes: [1], attributes: ObjectAttributes())
      }
      #expect(server.requests.count == 2)
    }
    let words = "\(StorageError.wrongRegion(name: "eu-west-1", isHere: false))"
    #expect(words.contains("eu-west-1") && words.contains("s3_region"))
  }

  @Test func aStreamedPutInTheWrongRegionMayBeMadeAgain() async throws {
    try await ScriptedS3.withStore { request, _ in
      Self.region(of: request) == "eu-west-1" ? .answer(200) : Self.malformed("eu-west-1")
    } _: { store, server, _ in
      func stream() async throws(StorageError) {
        let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
        let writer = try await store.beginPut(key, sizeBytes: 3, attributes: ObjectAttributes())
        for byte: UInt8 in 1...3 { try await writer.write([byte]) }
        _ = try await writer.finish()
      }
      let renewed = StorageError.unavailable(status: 400, code: "SignatureRenewed", retryAfter: nil)
      await #expect(throws: renewed) { try await stream() }
      try await stream()
      #expect(server.requests.count == 2)
    }
  }

  /// Keys in a file are exchanged while the engine runs: the first refusal reads the file again.
  @Test(arguments: ["ExpiredToken", "InvalidAccessKeyId"])
  func rotatedKeysAreReadAgain(_ code: String) async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/credentials"
      func write(_ key: String) throws {
        try "[default]\naws_access_key_id=\(key)\naws_secret_access_key=SK\n"
          .write(toFile: path, atomically: true, encoding: .utf8)
      }
      let server = try FakeHTTPServer { request, _ in
        request.headers["authorization"]?.contains("Credential=NEW/") == true
          ? .answer(200, method: request.method)
          : request.method == "HEAD" ? .answer(403, method: "HEAD") : ScriptedS3.error(400, code)
      }
      defer { server.stop() }
      let seconds = Counter(1_000)
      let connection = S3Connection(
        endpoint: try #require(S3Endpoint(parsing: server.address)), bucket: "images",
        storagePath: try #require(StoragePath("registry")),
        credentials: FileCredentials(path: path, profile: "default"))
      try write("OLD")
      try await S3TestService.withStore(connection, retry: .never, now: { Int64(seconds.value) }) { store in
        let key = try ScriptedS3.makeKey()
        let refused = StorageError.accessDenied(code: code)
        await #expect(throws: refused) { _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes()) }
        try write("NEW")
        seconds.add(6)
        _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes())
        try write("OLD")
        seconds.add(61)
        // Read again after a minute, while the request goes on with what was known.
        try await store.probe()
      }
    }
  }

  @Test func aURLDoesNotOutliveItsCredentials() async throws {
    let end: Int64 = 1_000_000
    let seconds = Counter(Int(end) - 200)
    let connection = S3Connection(
      endpoint: try #require(S3Endpoint(parsing: "http://127.0.0.1:1")), bucket: "images",
      storagePath: try #require(StoragePath("registry")),
      credentials: StoreCredentials(accessKey: "A", secretKey: Secret("S"), expiresAt: end))
    try await S3TestService.withStore(connection, now: { Int64(seconds.value) }) { store in
      let key = try ScriptedS3.makeKey()
      #expect(try store.presignedGet(key, lifetime: .seconds(600))?.contains("X-Amz-Expires=200&") == true)
      #expect(try store.presignedGet(key, lifetime: .seconds(90))?.contains("X-Amz-Expires=90&") == true)
    }
  }
}

/// A number that tests raise.
private final class Counter: Sendable {
  private let number: Mutex<Int>
  init(_ value: Int) { number = Mutex(value) }
  var value: Int { number.withLock { $0 } }
  func add(_ by: Int) { number.withLock { $0 += by } }
}
