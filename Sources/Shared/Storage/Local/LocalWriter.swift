internal import SharedModel
private import Synchronization

/// One streamed PUT into a staged file.
final class LocalWriter: ObjectWriter {
  private enum Phase {
    case writing(StagedFile, count: Int64)
    case ended
  }

  private let store: LocalStore
  private let key: ObjectKey
  private let sizeBytes: Int64
  private let phase: Mutex<Phase>

  init(store: LocalStore, key: ObjectKey, sizeBytes: Int64, staged: StagedFile) {
    self.store = store
    self.key = key
    self.sizeBytes = sizeBytes
    phase = Mutex(.writing(staged, count: 0))
  }

  func write(_ bytes: [UInt8]) async throws(StorageError) {
    let step: (StagedFile, Int64)? = phase.withLock { phase in
      guard case .writing(let staged, let count) = phase else { return nil }
      phase = .writing(staged, count: count + Int64(bytes.count))
      return (staged, count + Int64(bytes.count))
    }
    guard let (staged, total) = step else { throw .cancelled }
    guard total <= sizeBytes else {
      await abort()
      throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: total)
    }
    try await store.run { () throws(FileFailure) in try staged.file.write(bytes) }
  }

  func finish() async throws(StorageError) -> StoredObject {
    guard let (staged, count) = take() else { throw .cancelled }
    guard count == sizeBytes else { throw .truncated(expectedBytes: sizeBytes, receivedBytes: count) }
    let (store, key) = (store, key)
    return try await store.attempt {
      // What the disk holds counts, not what was written: a failed write may have been followed by this call.
      let stored = try staged.file.sizeBytes() ?? -1
      guard stored == count else { throw StorageError.sizeMismatch(expectedBytes: count, actualBytes: stored) }
      try staged.publish(at: store.place(of: key, making: true))
      return StoredObject(key: key, sizeBytes: count)
    }
  }

  func abort() async { _ = take() }

  private func take() -> (StagedFile, Int64)? {
    phase.withLock { phase in
      guard case .writing(let staged, let count) = phase else { return nil }
      phase = .ended
      return (staged, count)
    }
  }
}
