internal import SharedModel
private import Synchronization

/// One streamed PUT into memory.
final class MemoryWriter: ObjectWriter {
  private enum Phase {
    case writing(slices: [[UInt8]], count: Int64)
    case ended
  }

  private let store: MemoryStore
  private let key: ObjectKey
  private let sizeBytes: Int64
  private let attributes: ObjectAttributes
  private let phase = Mutex(Phase.writing(slices: [], count: 0))

  init(store: MemoryStore, key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes) {
    self.store = store
    self.key = key
    self.sizeBytes = sizeBytes
    self.attributes = attributes
  }

  func write(_ bytes: [UInt8]) async throws(StorageError) {
    guard !Task.isCancelled else { throw .cancelled }
    let total: Int64? = phase.withLock { phase in
      guard case .writing(var slices, let count) = phase else { return nil }
      phase = .ended
      slices.append(bytes)
      phase = .writing(slices: slices, count: count + Int64(bytes.count))
      return count + Int64(bytes.count)
    }
    guard let total else { throw .cancelled }
    guard total <= sizeBytes else {
      await abort()
      throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: total)
    }
  }

  func finish() async throws(StorageError) -> StoredObject {
    guard let (slices, count) = take() else { throw .cancelled }
    guard count == sizeBytes else {
      try store.end(nil, reservedBytes: sizeBytes, at: key)
      throw .truncated(expectedBytes: sizeBytes, receivedBytes: count)
    }
    let object = store.object(slices, sizeBytes: count, digest: attributes.digest)
    try store.end(object, reservedBytes: sizeBytes, at: key)
    return StoredObject(key: key, sizeBytes: count, digest: attributes.digest)
  }

  func abort() async { giveUp() }

  deinit { giveUp() }

  private func giveUp() {
    guard take() != nil else { return }
    // Giving bytes back cannot fail: only storing an object can.
    try? store.end(nil, reservedBytes: sizeBytes, at: key)
  }

  private func take() -> ([[UInt8]], Int64)? {
    phase.withLock { phase in
      guard case .writing(let slices, let count) = phase else { return nil }
      phase = .ended
      return (slices, count)
    }
  }
}
