import Foundation
import Shared
import TestSupport
import Testing

@testable import SharedStorage

/// Objects beyond S3's 5 GiB for one request, on every engine that a server can be had for: tens of GiB of traffic and disk,
/// so only on demand, with MERIDIAN_TEST_LARGE=1.
@Suite(
  "Objects larger than 5 GiB",
  .enabled(if: ProcessInfo.processInfo.environment["MERIDIAN_TEST_LARGE"] == "1", "MERIDIAN_TEST_LARGE is not 1"),
  .serialized, .timeLimit(.minutes(30)))
struct LargeObjectTests {
  private static let partBytes: Int64 = 64 << 20
  private static let totalBytes: Int64 = (5 << 30) + 12_345

  /// Bytes that differ from part to part and cost next to nothing to make.
  private func part(_ number: Int, _ count: Int64) -> [UInt8] {
    var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Int(count))
    for index in stride(from: 0, to: bytes.count, by: 4_096) { bytes[index] = UInt8(truncatingIfNeeded: index >> 12) }
    return bytes
  }

  private func check(_ store: any BlobStore, copies: Bool) async throws {
    let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    var hasher = ContentHasher()
    var parts: [UploadedPart] = []
    var offset: Int64 = 0
    while offset < Self.totalBytes {
      let bytes = part(parts.count + 1, min(Self.partBytes, Self.totalBytes - offset))
      hasher.update(bytes)
      parts.append(try await store.uploadPart(upload, number: parts.count + 1, slices: [bytes]))
      offset += Int64(bytes.count)
    }
    let digest = hasher.digest()
    let object = try await store.completeMultipart(upload, parts: parts, sizeBytes: Self.totalBytes)
    #expect(object.sizeBytes == Self.totalBytes)
    // Across the border of 32 and of 33 bits.
    for border in [Int64(1) << 32, 5 << 30] {
      let range = try #require(ByteRange(first: border - 5, last: border + 4))
      let found = try await store.open(key, range: range).collect(limitBytes: 10)
      let number = Int(border / Self.partBytes)
      #expect(found == Array(part(number, Self.partBytes).suffix(5) + part(number + 1, Self.partBytes).prefix(5)))
    }
    try await VerifyingStream(try await store.open(key, range: nil), digest: digest, sizeBytes: Self.totalBytes)
      .verify()
    if copies {
      let copy = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      let made = try await store.copy(
        key, at: store, to: copy, sizeBytes: Self.totalBytes, attributes: ObjectAttributes(digest: digest))
      #expect(made?.sizeBytes == Self.totalBytes)
      try await store.delete(copy)
    }
    try await store.delete(key)
    #expect(try await store.head(key) == nil)
  }

  @Test(.enabled(if: S3TestService.isDemanded, "MERIDIAN_TEST_S3 is not set"))
  func onS3() async throws {
    try await S3TestService.withStore(try S3TestService.connection()) { store in try await check(store, copies: true) }
  }

  @Test(.enabled(if: OpenStackTestService.isDemanded, "MERIDIAN_TEST_SWIFT is not set"))
  func onOpenStackSwift() async throws {
    let settings = try OpenStackTestService.settings()
    try await OpenStackTestService.withStore(OpenStackConnection(settings)) { store in
      try await check(store, copies: true)
    }
  }

  @Test(.enabled(if: AzureFake.isDemanded, "there is no python3"))
  func onAzure() async throws {
    let fake = try AzureFake.running()
    try await AzureFake.withStore(try fake.settings()) { store in try await check(store, copies: true) }
  }

  @Test func inAFolder() async throws {
    try await withTemporaryFolder { folder in
      let store = try LocalStore(
        location: try LocationID(parsing: "us"), rootPath: folder, storagePath: try #require(StoragePath("")))
      try await check(store, copies: false)
      await store.close()
    }
  }

  @Test func oneRequestOfMoreIsRefusedBeforeItIsMade() async throws {
    let connection = S3Connection(
      endpoint: try #require(S3Endpoint(parsing: "http://127.0.0.1:1")), bucket: "b",
      storagePath: try #require(StoragePath("r")),
      credentials: StoreCredentials(accessKey: "A", secretKey: Secret("S")))
    try await S3TestService.withStore(connection) { store in
      await #expect(throws: StorageError.tooLarge(limitBytes: 5 << 30)) {
        _ = try await store.beginPut(
          try ObjectKey(parsing: "r/x"), sizeBytes: (5 << 30) + 1, attributes: ObjectAttributes())
      }
    }
  }
}
