import Shared
import Testing

extension BlobStoreUnderTest {
  func partsUploadedInOrderMakeTheObject() async throws {
    let key = freshKey()
    let bytes = PatternBytes.make(2 * partBytes + 12_345)
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    var parts: [UploadedPart] = []
    for (index, start) in stride(from: 0, to: bytes.count, by: partBytes).enumerated() {
      let part = Array(bytes[start..<min(start + partBytes, bytes.count)])
      let half = part.count / 2
      // Gaps in the numbers are allowed.
      parts.append(
        try await store.uploadPart(
          upload, number: index * 2 + 1, slices: [Array(part[..<half]), [], Array(part[half...])]))
      #expect(parts.last?.sizeBytes == Int64(part.count))
    }
    let stored = try await store.completeMultipart(upload, parts: parts, sizeBytes: Int64(bytes.count))
    #expect(stored.sizeBytes == Int64(bytes.count))
    #expect(try await read(key) == bytes)
    try await store.delete(key)
  }

  func partsUploadedAtOnceOutOfOrderMakeTheObject() async throws {
    let key = freshKey()
    let bytes = PatternBytes.make(4 * partBytes)
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    let parts = try await withThrowingTaskGroup(of: UploadedPart.self) { group in
      for number in [4, 2, 3, 1] {
        group.addTask {
          let part = Array(bytes[((number - 1) * partBytes)..<(number * partBytes)])
          return try await store.uploadPart(upload, number: number, slices: [part])
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let ordered = parts.sorted { $0.number < $1.number }
    _ = try await store.completeMultipart(upload, parts: ordered, sizeBytes: Int64(bytes.count))
    #expect(try await read(key) == bytes)
    try await store.delete(key)
  }

  func aReplacedPartCountsOnce() async throws {
    let key = freshKey()
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    let old = try await store.uploadPart(upload, number: 1, slices: [PatternBytes.make(partBytes, seed: 1)])
    let new = try await store.uploadPart(upload, number: 1, slices: [PatternBytes.make(partBytes, seed: 2)])
    #expect(old.tag != new.tag)
    let last = try await store.uploadPart(upload, number: 2, slices: [[9]])
    _ = try await store.completeMultipart(upload, parts: [new, last], sizeBytes: Int64(partBytes) + 1)
    #expect(try await read(key) == PatternBytes.make(partBytes, seed: 2) + [9])
    try await store.delete(key)
  }

  func nothingIsVisibleBeforeCompletion() async throws {
    let key = freshKey()
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    let part = try await store.uploadPart(upload, number: 1, slices: [[1, 2, 3]])
    #expect(try await store.head(key) == nil)
    await #expect(throws: StorageError.objectMissing(key)) { _ = try await store.open(key, range: nil) }
    _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 3)
    #expect(try await read(key) == [1, 2, 3])
    try await store.delete(key)
  }

  func copiedPartIsTheLastPart() async throws {
    let (key, tail) = (freshKey(), freshKey())
    let first = PatternBytes.make(partBytes, seed: 4)
    let rest = PatternBytes.make(777, seed: 5)
    _ = try await store.put(tail, bytes: rest, attributes: ObjectAttributes())
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    let one = try await store.uploadPart(upload, number: 1, slices: [first])
    let two = try await store.copyPart(upload, number: 2, from: tail, sizeBytes: 777)
    #expect(two.sizeBytes == 777)
    let missing = freshKey()
    await #expect(throws: StorageError.objectMissing(missing)) {
      _ = try await store.copyPart(upload, number: 3, from: missing, sizeBytes: 1)
    }
    _ = try await store.completeMultipart(upload, parts: [one, two], sizeBytes: Int64(partBytes) + 777)
    #expect(try await read(key) == first + rest)
    #expect(try await read(tail) == rest)
    for each in [key, tail] { try await store.delete(each) }
  }

  func completionIsIdempotent() async throws {
    let key = freshKey()
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    let part = try await store.uploadPart(upload, number: 1, slices: [[1, 2, 3]])
    for _ in 0..<3 {
      let object = try await store.completeMultipart(upload, parts: [part], sizeBytes: 3)
      #expect(object.sizeBytes == 3)
    }
    #expect(try await read(key) == [1, 2, 3])
    try await store.delete(key)
  }

  func completionRefusesOtherSizesAndParts() async throws {
    let key = freshKey()
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    let part = try await store.uploadPart(upload, number: 1, slices: [[1, 2, 3]])
    await #expect(throws: StorageError.sizeMismatch(expectedBytes: 4, actualBytes: 3)) {
      _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 4)
    }
    await #expect(throws: StorageError.self) {
      _ = try await store.completeMultipart(upload, parts: [], sizeBytes: 0)
    }
    await #expect(throws: StorageError.self) {
      _ = try await store.completeMultipart(upload, parts: [part, part], sizeBytes: 6)
    }
    let other = UploadedPart(number: 1, sizeBytes: 3, tag: "d41d8cd98f00b204e9800998ecf8427e")
    await #expect(throws: StorageError.self) {
      _ = try await store.completeMultipart(upload, parts: [other], sizeBytes: 3)
    }
    #expect(try await store.head(key) == nil)
    try await store.abortMultipart(upload)
  }

  func anAbortedUploadIsGone() async throws {
    let key = freshKey()
    let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
    let part = try await store.uploadPart(upload, number: 1, slices: [[1, 2, 3]])
    try await store.abortMultipart(upload)
    try await store.abortMultipart(upload)
    await #expect(throws: StorageError.uploadMissing(upload)) {
      _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 3)
    }
    await #expect(throws: StorageError.uploadMissing(upload)) {
      _ = try await store.uploadPart(upload, number: 2, slices: [[1]])
    }
    #expect(try await store.head(key) == nil)
  }
}
