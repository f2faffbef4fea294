internal import SharedModel
private import Synchronization

/// Hands out an object's bytes, or a range of them, in chunks.
final class MemoryReader: Sendable {
  private static let chunkBytes: Int64 = 256 << 10

  private struct Position {
    var slice = 0
    var offset: Int64 = 0
    var skip: Int64
    var left: Int64
  }

  private let object: MemoryStore.Object
  private let position: Mutex<Position>

  init(object: MemoryStore.Object, range: ByteRange?) {
    self.object = object
    position = Mutex(Position(skip: range?.first ?? 0, left: range?.count ?? object.sizeBytes))
  }

  /// The next chunk, nil at the end.
  func next() throws(StorageError) -> [UInt8]? {
    guard !Task.isCancelled else { throw .cancelled }
    return position.withLock { position in
      while position.left > 0, position.slice < object.slices.count {
        let slice = object.slices[position.slice]
        let available = Int64(slice.count) - position.offset
        let skipped = min(position.skip, available)
        position.skip -= skipped
        position.offset += skipped
        let count = min(available - skipped, position.left, Self.chunkBytes)
        guard count > 0 else {
          position.slice += 1
          position.offset = 0
          continue
        }
        let start = Int(position.offset)
        position.offset += count
        position.left -= count
        return Array(slice[start..<(start + Int(count))])
      }
      return nil
    }
  }
}
