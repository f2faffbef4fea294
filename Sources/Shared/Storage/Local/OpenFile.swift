internal import Glibc
internal import SharedModel

/// An open file or folder of the local engine; closed when the last reference goes.
///
/// Every call here blocks and is made on the engine's own threads only, except `close` in `deinit`, which for a file that
/// was only read, or was flushed before, does no I/O on a local file system.
final class OpenFile: Sendable {
  let descriptor: Int32

  /// Takes over a descriptor.
  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { Glibc.close(descriptor) }

  /// Opens an absolute path, the engine's root, following links up to it; nil and `errno` where it cannot.
  static func folder(atPath path: String) throws(FileFailure) -> OpenFile {
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(errno) }
    return OpenFile(descriptor)
  }

  /// Opens one component below this folder, never through a symbolic link.
  func open(_ name: String, _ flags: Int32, mode: mode_t = 0o640) throws(FileFailure) -> OpenFile {
    while true {
      let opened = openat(descriptor, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)
      if opened >= 0 { return OpenFile(opened) }
      guard errno == EINTR else { throw FileFailure(errno) }
    }
  }

  /// Opens the folder `name` below this one.
  func folder(_ name: String) throws(FileFailure) -> OpenFile { try open(name, O_RDONLY | O_DIRECTORY) }

  /// Opens the folder `name`, making it first where it is missing; a new entry is flushed to the disk.
  func folder(making name: String) throws(FileFailure) -> OpenFile {
    do { return try folder(name) } catch {
      guard error.number == ENOENT else { throw error }
    }
    if mkdirat(descriptor, name, 0o750) == 0 {
      try flush()
    } else if errno != EEXIST {
      throw FileFailure(errno)
    }
    return try folder(name)
  }

  /// Makes what was written, or the entries of a folder, survive a power cut.
  func flush() throws(FileFailure) {
    guard fsync(descriptor) == 0 else { throw FileFailure(errno) }
  }

  /// The size in bytes of a regular file; nil for anything else.
  func sizeBytes() throws(FileFailure) -> Int64? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileFailure(errno) }
    return status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
  }

  /// Writes all of `bytes` at the file's position.
  func write(_ bytes: [UInt8]) throws(FileFailure) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      }
      if count > 0 {
        written += count
      } else if errno != EINTR {
        throw FileFailure(count == 0 ? EIO : errno)
      }
    }
  }

  /// Reads up to `limit` bytes at `offset`; empty at the end of the file.
  func read(at offset: Int64, limit: Int) throws(FileFailure) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      while true {
        let got = pread(descriptor, buffer.baseAddress, limit, off_t(offset))
        if got >= 0 {
          count = got
          return
        }
        guard errno == EINTR else {
          failure = errno
          return
        }
      }
    }
    guard failure == 0 else { throw FileFailure(failure) }
    return bytes
  }

  /// Cuts the file to `sizeBytes` and puts the position at its end.
  func cut(toBytes sizeBytes: Int64) throws(FileFailure) {
    guard ftruncate(descriptor, off_t(sizeBytes)) == 0, lseek(descriptor, off_t(sizeBytes), SEEK_SET) >= 0 else {
      throw FileFailure(errno)
    }
  }

  /// Appends the first `sizeBytes` of `source`.
  ///
  /// Through a buffer: `sendfile` between two files was not cheaper when measured.
  func append(_ source: OpenFile, sizeBytes: Int64) throws(FileFailure) {
    var offset: Int64 = 0
    while offset < sizeBytes {
      let bytes = try source.read(at: offset, limit: Int(min(sizeBytes - offset, 1 << 20)))
      guard !bytes.isEmpty else { throw FileFailure(EIO) }
      try write(bytes)
      offset += Int64(bytes.count)
    }
  }

  /// Moves `name` in this folder to `target` in `folder`, replacing what is there.
  func rename(_ name: String, to target: String, in folder: OpenFile) throws(FileFailure) {
    guard renameat(descriptor, name, folder.descriptor, target) == 0 else { throw FileFailure(errno) }
  }

  /// Removes a file, or an empty folder; a missing one is success.
  func remove(_ name: String, isFolder: Bool = false) throws(FileFailure) {
    guard unlinkat(descriptor, name, isFolder ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT else {
      throw FileFailure(errno)
    }
  }

  /// The names in this folder that are UTF-8.
  func names() throws(FileFailure) -> [String] {
    var names: [String] = []
    try forEachEntry { (name, _) throws(FileFailure) in
      if let name { names.append(name) }
    }
    return names
  }
}

/// A failed file call.
struct FileFailure: Error, Sendable, Hashable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  /// Whether the file or a folder on the way to it does not exist, or is no folder or a link.
  var isMissing: Bool { number == ENOENT || number == ENOTDIR || number == ELOOP }

  /// What the failure means for the store as a whole.
  var storageError: StorageError {
    switch number {
    case ENOSPC, EDQUOT: .full
    case EACCES, EPERM, EROFS: .accessDenied(code: "errno \(number)")
    case EMFILE, ENFILE, ENOMEM: .overloaded
    case ENOTDIR, ELOOP, EISDIR, ENAMETOOLONG: .refused(status: 0, code: "errno \(number)")
    default: .unavailable(status: 0, code: "errno \(number)", retryAfter: nil)
    }
  }
}
