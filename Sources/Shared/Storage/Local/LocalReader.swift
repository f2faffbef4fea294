private import Synchronization

/// Reads a file, or a part of it, chunk by chunk; a single consumer.
final class LocalReader: Sendable {
  private let store: LocalStore
  private let file: OpenFile
  private let end: Int64
  private let lengthBytes: Int64
  private let position: Mutex<Int64>

  init(store: LocalStore, file: OpenFile, first: Int64, lengthBytes: Int64) {
    self.store = store
    self.file = file
    self.lengthBytes = lengthBytes
    end = first + lengthBytes
    position = Mutex(first)
  }

  /// The next chunk, or nil exactly after the promised bytes; a file that became shorter throws.
  func next() async throws(StorageError) -> [UInt8]? {
    let at = position.withLock { $0 }
    let left = end - at
    guard left > 0 else { return nil }
    let limit = Int(min(left, Int64(LocalStore.readBytes)))
    let bytes = try await store.run { [file] () throws(FileFailure) in try file.read(at: at, limit: limit) }
    guard !bytes.isEmpty else { throw .truncated(expectedBytes: lengthBytes, receivedBytes: lengthBytes - left) }
    position.withLock { $0 = at + Int64(bytes.count) }
    return bytes
  }
}
