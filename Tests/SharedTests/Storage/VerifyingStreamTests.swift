import Shared
import TestSupport
import Testing

@Suite("VerifyingStream")
struct VerifyingStreamTests {
  private let bytes = PatternBytes.make(700_000)

  private func body() async throws -> ObjectBody {
    let store = MemoryStore(location: try LocationID(parsing: "us"), storagePath: try #require(StoragePath("")))
    let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
    _ = try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
    return try await store.open(key, range: nil)
  }

  @Test(arguments: [DigestAlgorithm.sha256, .sha512])
  func rightBytesPass(_ algorithm: DigestAlgorithm) async throws {
    var seen: [UInt8] = []
    let digest = Digest(of: bytes, algorithm: algorithm)
    for try await chunk in VerifyingStream(try await body(), digest: digest, sizeBytes: 700_000) { seen += chunk }
    #expect(seen == bytes)
    try await VerifyingStream(try await body(), digest: digest).verify()
  }

  @Test func wrongBytesNeverEndWell() async throws {
    let expected = Digest(of: [1])
    var seen = 0
    await #expect(throws: VerificationFailure.digest(expected: expected, actual: Digest(of: bytes))) {
      for try await chunk in VerifyingStream(try await body(), digest: expected) { seen += chunk.count }
    }
    // The last chunk is never handed out.
    #expect(seen < bytes.count)
    await #expect(throws: VerificationFailure.self) {
      try await VerifyingStream(try await body(), digest: Digest(of: bytes), sizeBytes: 699_999).verify()
    }
    await #expect(throws: VerificationFailure.size(expectedBytes: 700_001, actualBytes: 700_000)) {
      try await VerifyingStream(try await body(), digest: Digest(of: bytes), sizeBytes: 700_001).verify()
    }
  }

  @Test func aBrokenSourceIsNotTakenForWrongBytes() async throws {
    let broken = ObjectBody(objectSizeBytes: 10, contentLengthBytes: 10) { () async throws(StorageError) in
      throw .truncated(expectedBytes: 10, receivedBytes: 0)
    }
    await #expect(throws: VerificationFailure.source(.truncated(expectedBytes: 10, receivedBytes: 0))) {
      try await VerifyingStream(broken, digest: Digest(of: [1])).verify()
    }
  }
}
