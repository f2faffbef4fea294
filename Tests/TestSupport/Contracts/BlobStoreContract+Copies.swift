import Shared
import Testing

extension BlobStoreUnderTest {
  func aCopyIsTheObject() async throws {
    for size in [0, 1, 100_000, 9 << 20] {
      let (source, target) = (freshKey(), freshKey())
      let bytes = PatternBytes.make(size, seed: 11)
      let attributes = ObjectAttributes(digest: Digest(of: bytes))
      _ = try await store.put(source, bytes: bytes, attributes: ObjectAttributes())
      let copy = try #require(
        try await neighbour.copy(source, at: store, to: target, sizeBytes: Int64(size), attributes: attributes))
      #expect(copy.sizeBytes == Int64(size))
      #expect(try await neighbour.open(target, range: nil).collect(limitBytes: size) == bytes)
      // What is recorded with the copy is what was asked for, not what the source says.
      #expect(try await neighbour.head(target)?.digest == (keepsAttributes ? attributes.digest : nil))
      #expect(try await store.head(target) == nil)
      #expect(try await read(source) == bytes)
      try await store.delete(source)
      try await neighbour.delete(target)
    }
  }

  func aCopyOfNothingOrOfAnotherSizeFails() async throws {
    let (source, target) = (freshKey(), freshKey())
    await #expect(throws: StorageError.objectMissing(source)) {
      _ = try await neighbour.copy(source, at: store, to: target, sizeBytes: 3, attributes: ObjectAttributes())
    }
    #expect(try await neighbour.head(target) == nil)
    _ = try await store.put(source, bytes: [1, 2], attributes: ObjectAttributes())
    await #expect(throws: StorageError.sizeMismatch(expectedBytes: 3, actualBytes: 2)) {
      _ = try await neighbour.copy(source, at: store, to: target, sizeBytes: 3, attributes: ObjectAttributes())
    }
    try await store.delete(source)
    try await neighbour.delete(target)
  }

  func aCopyFromAnotherServiceIsLeftToOthers() async throws {
    let other = MemoryStore(location: store.location, storagePath: store.storagePath)
    let key = freshKey()
    _ = try await other.put(key, bytes: [1], attributes: ObjectAttributes())
    #expect(
      try await store.copy(key, at: other, to: freshKey(), sizeBytes: 1, attributes: ObjectAttributes()) == nil)
  }

  func alteredBodiesAreRefused() async throws {
    let bytes = PatternBytes.make(70_000, seed: 12)
    let right = Digest(of: bytes)
    let wrong = Digest(of: [1, 2, 3])
    let key = freshKey()
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    let part = try await store.uploadPart(upload, number: 1, slices: [bytes], sha256: right)
    if refusesAlteredBodies {
      let refusal = StorageError.bodyAltered(code: alterationCode)
      await #expect(throws: refusal) {
        _ = try await store.uploadPart(upload, number: 2, slices: [bytes], sha256: wrong)
      }
      await #expect(throws: refusal) {
        _ = try await store.put(freshKey(), bytes: bytes, attributes: ObjectAttributes(digest: wrong))
      }
      let (whole, streamed) = (freshKey(), freshKey())
      await #expect(throws: refusal) {
        _ = try await store.put(whole, bytes: bytes, attributes: ObjectAttributes(digest: wrong))
      }
      await #expect(throws: refusal) {
        let writer = try await store.beginPut(
          streamed, sizeBytes: 70_000, attributes: ObjectAttributes(digest: wrong))
        try await writer.write(Array(bytes[..<30_000]))
        try await writer.write(Array(bytes[30_000...]))
        _ = try await writer.finish()
      }
      for each in [whole, streamed] { #expect(try await store.head(each) == nil) }
    }
    _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 70_000)
    #expect(try await read(key) == bytes)
    try await store.delete(key)
    // A hash of another kind is no reason to fail.
    let other = freshKey()
    let sha512 = Digest(of: bytes, algorithm: .sha512)
    _ = try await store.put(other, bytes: bytes, attributes: ObjectAttributes(digest: sha512))
    #expect(try await read(other) == bytes)
    try await store.delete(other)
  }
}
