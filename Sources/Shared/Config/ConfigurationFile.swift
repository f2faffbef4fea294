import Foundation
import SharedModel

/// The bytes of a configuration file and whether others than its owner can read them.
struct ConfigurationFile: Sendable {
  let bytes: [UInt8]
  /// Whether every user of the machine may read the file, which holds secrets (security rule 27).
  let isReadableByEverybody: Bool

  /// Reads at most one byte more than a configuration may have; throws `unreadable` with the system's own reason.
  init(path: String) throws(ConfigurationError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.unreadable(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path) }
    isReadableByEverybody = status.st_mode & S_IROTH != 0
    let limit = YAMLReader.maximumBytes + 1
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while bytes.count < limit {
      let count = read(descriptor, &chunk, min(chunk.count, limit - bytes.count))
      if count == 0 { break }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw Self.unreadable(path)
      }
      bytes.append(contentsOf: chunk.prefix(count))
    }
    self.bytes = bytes
  }

  private static func unreadable(_ path: String) -> ConfigurationError {
    .unreadable(path: path, reason: strerror(errno).map { String(cString: $0) } ?? "error \(errno)")
  }
}
