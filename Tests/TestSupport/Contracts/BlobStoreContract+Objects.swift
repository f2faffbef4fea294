import Shared
import Testing

extension BlobStoreUnderTest {
  func bytesComeBackAsTheyWere() async throws {
    for size in [0, 1, 255, 70_000, (1 << 20) + 1] {
      let key = freshKey()
      let bytes = PatternBytes.make(size, seed: UInt64(size + 1))
      let slices = [Array(bytes.prefix(size / 3)), [], Array(bytes.dropFirst(size / 3))]
      let stored = try await store.put(key, slices: slices, attributes: ObjectAttributes())
      #expect(stored.sizeBytes == Int64(size))
      let body = try await store.open(key, range: nil)
      #expect(body.objectSizeBytes == Int64(size))
      #expect(body.contentLengthBytes == Int64(size))
      #expect(try await body.collect(limitBytes: size) == bytes)
      #expect(try await store.head(key)?.sizeBytes == Int64(size))
      try await store.delete(key)
    }
  }

  func rangesAreExact() async throws {
    let key = freshKey()
    let bytes = PatternBytes.make(300_000)
    _ = try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
    for (first, last) in [(0, 0), (0, 299_999), (299_999, 299_999), (1, 2), (131_072, 200_000)] {
      let range = try #require(ByteRange(first: Int64(first), last: Int64(last)))
      let body = try await store.open(key, range: range)
      #expect(body.objectSizeBytes == 300_000)
      #expect(body.contentLengthBytes == range.count)
      #expect(try await body.collect(limitBytes: bytes.count) == Array(bytes[first...last]), "\(range)")
    }
    for (first, last) in [(300_000, 300_000), (0, 300_000)] {
      let range = try #require(ByteRange(first: Int64(first), last: Int64(last)))
      await #expect(throws: StorageError.refused(status: 416, code: "InvalidRange")) {
        _ = try await store.open(key, range: range)
      }
    }
    try await store.delete(key)
  }

  func whatIsMissingIsSaidToBe() async throws {
    let key = freshKey()
    #expect(try await store.head(key) == nil)
    await #expect(throws: StorageError.objectMissing(key)) { _ = try await store.open(key, range: nil) }
    let upload = MultipartUpload(key: key, id: RandomIdentifier().hex)
    await #expect(throws: StorageError.uploadMissing(upload)) {
      _ = try await store.uploadPart(upload, number: 1, slices: [[1]])
    }
    await #expect(throws: StorageError.uploadMissing(upload)) {
      let part = UploadedPart(number: 1, sizeBytes: 1, tag: "d41d8cd98f00b204e9800998ecf8427e")
      _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 1)
    }
    try await store.abortMultipart(upload)
  }

  func deletionIsIdempotentAndExact() async throws {
    let key = freshKey()
    // A sibling whose name begins with the other's: `/a` and `/ab`.
    let sibling = try ObjectKey(parsing: key.description + "b")
    for each in [key, sibling] { _ = try await store.put(each, bytes: [1, 2], attributes: ObjectAttributes()) }
    try await store.delete(key)
    try await store.delete(key)
    #expect(try await store.head(key) == nil)
    #expect(try await read(sibling) == [1, 2])
    try await store.delete(sibling)
  }

  func attributesComeBack() async throws {
    let bytes = PatternBytes.make(1_000)
    let digest = Digest(of: bytes)
    let attributes = ObjectAttributes(digest: digest)
    let keys = [freshKey(), freshKey(), freshKey()]
    _ = try await store.put(keys[0], bytes: bytes, attributes: attributes)
    let writer = try await store.beginPut(keys[1], sizeBytes: 1_000, attributes: attributes)
    try await writer.write(bytes)
    _ = try await writer.finish()
    let upload = try await store.beginMultipart(keys[2], attributes: attributes)
    let part = try await store.uploadPart(upload, number: 1, slices: [bytes])
    _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 1_000)
    for key in keys {
      #expect(try await store.head(key)?.digest == (keepsAttributes ? digest : nil))
      try await store.delete(key)
    }
  }

  func neighboursAreNotTouched() async throws {
    let neighbour = try ObjectKey(parsing: "elsewhere/\(RandomIdentifier().hex)/object")
    _ = try await store.put(neighbour, bytes: [7], attributes: ObjectAttributes())
    try await bytesComeBackAsTheyWere()
    try await anAbortedUploadIsGone()
    #expect(try await read(neighbour) == [7])
    try await store.delete(neighbour)
  }

  func manyReadersAtOnce() async throws {
    let key = freshKey()
    let bytes = PatternBytes.make(400_000)
    _ = try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<24 {
        group.addTask {
          let range = ByteRange(first: Int64(index * 1_000), last: 399_999)
          return try await read(key, range: range) == Array(bytes[(index * 1_000)...])
        }
      }
      for try await isSame in group { #expect(isSame) }
    }
    try await store.delete(key)
  }

  func aDroppedBodyHoldsNothingUp() async throws {
    let key = freshKey()
    let bytes = PatternBytes.make(4 << 20)
    _ = try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
    for index in 0..<100 {
      let body = try await store.open(key, range: nil)
      if index.isMultiple(of: 2) {
        var iterator = body.makeAsyncIterator()
        #expect(try await iterator.next() != nil)
      }
    }
    #expect(try await read(key) == bytes)
    try await store.delete(key)
  }

  func cancellationEndsACall() async throws {
    let key = freshKey()
    _ = try await store.put(key, bytes: PatternBytes.make(4 << 20), attributes: ObjectAttributes())
    let task = Task { () -> StorageError? in
      do throws(StorageError) {
        while true { _ = try await read(key) }
      } catch {
        return error
      }
    }
    task.cancel()
    #expect(await task.value == .cancelled)
    try await store.delete(key)
  }
}
