private import Glibc

/// Reads files of a few kilobytes, such as keys and tokens.
enum SmallFile {
  /// The largest file that is read.
  static let maximumBytes = 256 << 10

  /// The whole file, on a thread of its own; throws `misconfigured` naming `purpose`, path and reason.
  static func read(_ path: String, purpose: String) async throws(StorageError) -> [UInt8] {
    let pool = try BlockingPool(threads: 1)
    defer { pool.close() }
    return try await pool.run { () throws(StorageError) in try readNow(path, purpose: purpose) }
  }

  /// The whole file; blocks, and is therefore only for the time before a process serves.
  static func readNow(_ path: String, purpose: String) throws(StorageError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path, purpose, reason(errno)) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path, purpose, reason(errno)) }
      guard count > 0 else { return bytes }
      bytes += chunk.prefix(count)
      guard bytes.count <= maximumBytes else { throw failure(path, purpose, "larger than \(maximumBytes) bytes") }
    }
  }

  private static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }

  private static func failure(_ path: String, _ purpose: String, _ reason: String) -> StorageError {
    .misconfigured(reason: "\(purpose) \(path) cannot be read: \(reason)")
  }
}
