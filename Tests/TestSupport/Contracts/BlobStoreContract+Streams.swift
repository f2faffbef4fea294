import Shared
import Testing

extension BlobStoreUnderTest {
  func streamedPutStoresExactlyWhatWasPromised() async throws {
    for size in [0, 1, 100_000, 3 << 20] {
      let key = freshKey()
      let bytes = PatternBytes.make(size, seed: 3)
      let writer = try await store.beginPut(key, sizeBytes: Int64(size), attributes: ObjectAttributes())
      for start in stride(from: 0, to: size, by: 65_536) {
        try await writer.write(Array(bytes[start..<min(start + 65_536, size)]))
      }
      #expect(try await store.head(key) == nil)
      let stored = try await writer.finish()
      #expect(stored.sizeBytes == Int64(size))
      #expect(stored.key == key)
      await writer.abort()
      #expect(try await read(key) == bytes)
      try await store.delete(key)
    }
    await #expect(throws: StorageError.tooLarge(limitBytes: store.partLimits.maximumSinglePutBytes)) {
      _ = try await store.beginPut(
        freshKey(), sizeBytes: store.partLimits.maximumSinglePutBytes + 1, attributes: ObjectAttributes())
    }
  }

  func shortStreamedPutStoresNothing() async throws {
    let key = freshKey()
    let writer = try await store.beginPut(key, sizeBytes: 100, attributes: ObjectAttributes())
    try await writer.write([UInt8](repeating: 1, count: 99))
    await #expect(throws: StorageError.truncated(expectedBytes: 100, receivedBytes: 99)) {
      _ = try await writer.finish()
    }
    await writer.abort()
    #expect(try await store.head(key) == nil)
  }

  func longStreamedPutStoresNothing() async throws {
    let key = freshKey()
    let writer = try await store.beginPut(key, sizeBytes: 100, attributes: ObjectAttributes())
    try await writer.write([UInt8](repeating: 1, count: 60))
    await #expect(throws: StorageError.sizeMismatch(expectedBytes: 100, actualBytes: 120)) {
      try await writer.write([UInt8](repeating: 1, count: 60))
    }
    await #expect(throws: StorageError.cancelled) { _ = try await writer.finish() }
    #expect(try await store.head(key) == nil)
  }

  func abortedPutStoresNothing() async throws {
    let key = freshKey()
    let writer = try await store.beginPut(key, sizeBytes: 200, attributes: ObjectAttributes())
    for _ in 0..<2 { try await writer.write([UInt8](repeating: 1, count: 100)) }
    await writer.abort()
    await writer.abort()
    await #expect(throws: StorageError.cancelled) { _ = try await writer.finish() }
    #expect(try await store.head(key) == nil)
    // One that is simply dropped.
    let dropped = freshKey()
    _ = try await store.beginPut(dropped, sizeBytes: 10, attributes: ObjectAttributes())
    #expect(try await store.head(dropped) == nil)
  }

  func aLargeObjectStreamsInSmallPieces() async throws {
    let key = freshKey()
    let size = 64 << 20
    let piece = PatternBytes.make(1 << 20, seed: 9)
    var hasher = ContentHasher()
    let writer = try await store.beginPut(key, sizeBytes: Int64(size), attributes: ObjectAttributes())
    for _ in 0..<64 {
      try await writer.write(piece)
      hasher.update(piece)
    }
    _ = try await writer.finish()
    let body = try await store.open(key, range: nil)
    var largest = 0
    for try await chunk in VerifyingStream(body, digest: hasher.digest(), sizeBytes: Int64(size)) {
      largest = max(largest, chunk.count)
    }
    #expect(largest <= 4 << 20)
    try await store.delete(key)
  }
}
