private import Glibc
package import SharedModel

extension LocalStore {
  package func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject? {
    try await attempt { try self.file(key).map { StoredObject(key: key, sizeBytes: $0.sizeBytes) } }
  }

  package func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    let found = try await attempt { try self.file(key) }
    guard let found else { throw .objectMissing(key) }
    if let range, range.last >= found.sizeBytes { throw .refused(status: 416, code: "InvalidRange") }
    let length = range?.count ?? found.sizeBytes
    let reader = LocalReader(store: self, file: found.file, first: range?.first ?? 0, lengthBytes: length)
    return ObjectBody(
      objectSizeBytes: found.sizeBytes, contentLengthBytes: length
    ) { () async throws(StorageError) in
      try await reader.next()
    }
  }

  package func put(
    _ key: ObjectKey, slices: [[UInt8]], attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    try await attempt {
      let staged = try StagedFile(in: self.staging())
      for slice in slices { try staged.file.write(slice) }
      try staged.publish(at: self.place(of: key, making: true))
      return StoredObject(key: key, sizeBytes: slices.totalBytes)
    }
  }

  package func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter {
    guard sizeBytes >= 0, sizeBytes <= partLimits.maximumSinglePutBytes else {
      throw .tooLarge(limitBytes: partLimits.maximumSinglePutBytes)
    }
    let staged = try await attempt { try StagedFile(in: self.staging()) }
    return LocalWriter(store: self, key: key, sizeBytes: sizeBytes, staged: staged)
  }

  package func delete(_ key: ObjectKey) async throws(StorageError) {
    try await attempt {
      _ = try self.root()
      do {
        let (folder, name) = try self.place(of: key, making: false)
        try folder.remove(name)
      } catch let failure as FileFailure where failure.isMissing {}  // nothing there is what was asked for
    }
  }
}

/// A file that has no key yet; removed when it is dropped without having been published.
final class StagedFile: Sendable {
  let file: OpenFile
  private let folder: OpenFile
  private let name = RandomIdentifier().hex

  /// Makes an empty file under a fresh name.
  init(in folder: OpenFile) throws(FileFailure) {
    self.folder = folder
    file = try folder.open(name, O_RDWR | O_CREAT | O_EXCL)
  }

  /// Flushes the file and gives it its place.
  func publish(at place: (folder: OpenFile, name: String)) throws(FileFailure) {
    try file.flush()
    try folder.rename(name, to: place.name, in: place.folder)
    try place.folder.flush()
  }

  // After a publication there is nothing under the name any more; a file that cannot be removed is only garbage.
  deinit { try? folder.remove(name) }
}
