import Shared
import Synchronization

/// A store whose bodies break off after a number of bytes, like a connection that is reset in the middle.
struct BreakingStore: PassingStore {
  let base: any BlobStore
  let afterBytes: Int64

  func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    let body = try await base.open(key, range: range)
    let end = ByteRange(first: 0, last: max(afterBytes - 1, 0))
    let start = try await base.open(key, range: end).collect(limitBytes: Int(afterBytes))
    let rest = Mutex<[UInt8]?>(start)
    return ObjectBody(objectSizeBytes: body.objectSizeBytes, contentLengthBytes: body.contentLengthBytes) {
      () async throws(StorageError) in
      let chunk = rest.withLock { rest in
        defer { rest = nil }
        return rest
      }
      guard let chunk else {
        throw .truncated(expectedBytes: body.contentLengthBytes, receivedBytes: Int64(start.count))
      }
      return chunk
    }
  }

  func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? { nil }
}
