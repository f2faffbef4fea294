private import Glibc
package import SharedModel

/// Objects as files below one folder of a local or network file system.
///
/// A file gets its name only when its bytes are on the disk, by rename inside the same file system; the folder is flushed
/// after it, so what was acknowledged survives a power cut (invariant I8). Keys are walked component by component without
/// following symbolic links. Files being written live below `.meridian/`, which no key may name. Attributes are not
/// kept, and there are no presigned URLs.
package final class LocalStore: BlobStore {
  static let privateFolder = ".meridian"
  /// One read; large enough that the hop to a thread does not count.
  static let readBytes = 512 << 10

  package let location: LocationID
  package let storagePath: StoragePath
  package let partLimits = PartLimits(
    minimumPartBytes: 1, maximumPartBytes: 5 << 30, maximumParts: 10_000, maximumSinglePutBytes: 1 << 50)
  package let protectsBodies = true
  private let rootPath: String
  private let pool: BlockingPool

  /// Opens the engine over the folder at the absolute path `rootPath`; nothing is touched yet.
  package init(
    location: LocationID, rootPath: String, storagePath: StoragePath, threads: Int = 4
  ) throws(StorageError) {
    guard rootPath.hasPrefix("/") else { throw .refused(status: 0, code: "RelativeRootPath") }
    self.location = location
    self.rootPath = rootPath
    self.storagePath = storagePath
    pool = try BlockingPool(threads: threads)
  }

  deinit { pool.close() }

  /// Makes the root folder and its parents where they are missing: only ever on explicit demand, since a missing mount
  /// point must not be papered over with an empty folder.
  package func createRoot() async throws(StorageError) {
    try await run { () throws(FileFailure) in
      var path = ""
      for component in self.rootPath.split(separator: "/") {
        path += "/\(component)"
        guard mkdir(path, 0o750) == 0 || errno == EEXIST else { throw FileFailure(errno) }
      }
    }
  }

  package func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? { nil }

  package func probe() async throws(StorageError) {
    try await run { () throws(FileFailure) in
      let name = RandomIdentifier().hex
      let staging = try self.root().folder(making: Self.privateFolder).folder(making: "staging")
      _ = try staging.open(name, O_WRONLY | O_CREAT | O_EXCL)
      try staging.remove(name)
    }
  }

  package func close() async { pool.close() }
}

// MARK: - Paths

extension LocalStore {
  /// Runs file calls on the engine's threads; failures other than those `work` handles itself speak of the store.
  func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(FileFailure) -> Value
  ) async throws(StorageError) -> Value {
    try await pool.run { () throws(StorageError) in
      do throws(FileFailure) { return try work() } catch { throw self.storageError(error) }
    }
  }

  /// Like `run`, for work that tells errors of its own.
  func attempt<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws(StorageError) -> Value {
    try await pool.run { () throws(StorageError) in
      do { return try work() } catch let error as StorageError { throw error } catch let error as FileFailure {
        throw self.storageError(error)
      } catch { throw .unavailable(status: 0, code: "unexpected", retryAfter: nil) }
    }
  }

  private func storageError(_ failure: FileFailure) -> StorageError {
    // Folders below the root are made on demand, so only the root can be what is missing.
    failure.number == ENOENT ? .bucketMissing(name: rootPath) : failure.storageError
  }

  /// The root folder.
  func root() throws(FileFailure) -> OpenFile { try OpenFile.folder(atPath: rootPath) }

  /// The folder files are written in before they get their name.
  func staging() throws(FileFailure) -> OpenFile {
    try root().folder(making: Self.privateFolder).folder(making: "staging")
  }

  /// The folder a key's file is in and the file's name; missing folders are made where `making`.
  func place(of key: ObjectKey, making: Bool) throws -> (folder: OpenFile, name: String) {
    var components = key.description.split(separator: "/").map(String.init)
    guard let name = components.popLast(), components.first != Self.privateFolder, name != Self.privateFolder else {
      throw StorageError.refused(status: 0, code: "ReservedKey")
    }
    var folder = try root()
    for component in components {
      folder = making ? try folder.folder(making: component) : try folder.folder(component)
    }
    return (folder, name)
  }

  /// Opens a key's file for reading; nil where there is no regular file.
  func file(_ key: ObjectKey) throws -> (file: OpenFile, sizeBytes: Int64)? {
    // The root is looked at on its own, so that its absence is not taken for the object's.
    _ = try root()
    do {
      let (folder, name) = try place(of: key, making: false)
      let file = try folder.open(name, O_RDONLY | O_NONBLOCK)
      return try file.sizeBytes().map { (file, $0) }
    } catch let failure as FileFailure where failure.isMissing {
      return nil
    }
  }
}
