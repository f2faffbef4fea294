private import Glibc
package import SharedModel

/// An upload is the folder `.meridian/uploads/<id>` with a file `key`, which names the object, and a file `<number>.<tag>`
/// per part.
extension LocalStore {
  static let uploadKeyFile = "key"

  package func beginMultipart(
    _ key: ObjectKey, attributes: ObjectAttributes
  ) async throws(StorageError) -> MultipartUpload {
    let upload = MultipartUpload(key: key, id: RandomIdentifier().hex)
    try await attempt {
      // Refuses a reserved key before any byte is sent.
      _ = try self.place(of: key, making: true)
      // The folder gets its name last, so that every upload that can be found is found by its object's name.
      let staging = try self.staging()
      let folder = try staging.folder(making: upload.id)
      let file = try folder.open(Self.uploadKeyFile, O_WRONLY | O_CREAT | O_EXCL)
      try file.write(Array(key.description.utf8))
      try file.flush()
      try folder.flush()
      let uploads = try self.uploads()
      try staging.rename(upload.id, to: upload.id, in: uploads)
      try uploads.flush()
    }
    return upload
  }

  package func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart {
    try await addPart(to: upload, number: number, sizeBytes: slices.totalBytes) { file in
      for slice in slices { try file.write(slice) }
    }
  }

  package func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    try await addPart(to: upload, number: number, sizeBytes: sizeBytes) { file in
      guard let (copied, actual) = try self.file(source) else { throw StorageError.objectMissing(source) }
      guard actual == sizeBytes else { throw StorageError.sizeMismatch(expectedBytes: sizeBytes, actualBytes: actual) }
      try file.append(copied, sizeBytes: sizeBytes)
    }
  }

  /// The first part's file becomes the object and the others are appended to it.
  ///
  /// The upload's folder is locked meanwhile, so that two completions of one upload cannot write the same file; a second
  /// one finds the object.
  package func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject {
    try MultipartRules.check(parts, sizeBytes: sizeBytes)
    return try await attempt {
      let object = StoredObject(key: upload.key, sizeBytes: sizeBytes)
      guard let folder = try self.lockedFolder(of: upload) else {
        if try self.file(upload.key)?.sizeBytes == sizeBytes { return object }
        throw StorageError.uploadMissing(upload)
      }
      do {
        try self.join(parts, in: folder, at: upload.key)
      } catch let failure as FileFailure where failure.isMissing {
        // Renamed by a completion that ended before it had removed the folder.
        guard try self.file(upload.key)?.sizeBytes == sizeBytes else {
          throw StorageError.refused(status: 0, code: "InvalidPart")
        }
      }
      try self.remove(upload, folder)
      return object
    }
  }

  package func abortMultipart(_ upload: MultipartUpload) async throws(StorageError) {
    try await attempt {
      guard let folder = try self.lockedFolder(of: upload) else { return }
      try self.remove(upload, folder)
    }
  }
}

// MARK: - Files of an upload

extension LocalStore {
  func uploads() throws(FileFailure) -> OpenFile {
    try root().folder(making: Self.privateFolder).folder(making: "uploads")
  }

  /// The upload's folder; nil where it does not exist, also for an id that is none of ours.
  private func folder(of upload: MultipartUpload) throws(FileFailure) -> OpenFile? {
    guard RandomIdentifier(parsing: upload.id) != nil else { return nil }
    let uploads = try uploads()
    do { return try uploads.folder(upload.id) } catch {
      guard error.isMissing else { throw error }
      return nil
    }
  }

  /// The upload's folder, locked until it is dropped; throws where another completion or abortion holds it.
  private func lockedFolder(of upload: MultipartUpload) throws(FileFailure) -> OpenFile? {
    guard let folder = try folder(of: upload) else { return nil }
    guard flock(folder.descriptor, LOCK_EX | LOCK_NB) == 0 else { throw FileFailure(errno) }
    return folder
  }

  private func addPart(
    to upload: MultipartUpload, number: Int, sizeBytes: Int64, writing: @escaping @Sendable (OpenFile) throws -> Void
  ) async throws(StorageError) -> UploadedPart {
    guard sizeBytes <= partLimits.maximumPartBytes else { throw .tooLarge(limitBytes: partLimits.maximumPartBytes) }
    guard (1...partLimits.maximumParts).contains(number) else { throw .refused(status: 0, code: "InvalidPartNumber") }
    return try await attempt {
      guard let folder = try self.folder(of: upload) else { throw StorageError.uploadMissing(upload) }
      let part = UploadedPart(number: number, sizeBytes: sizeBytes, tag: RandomIdentifier().hex)
      let name = Self.fileName(part)
      do {
        let file = try folder.open(name, O_WRONLY | O_CREAT | O_EXCL)
        try writing(file)
        try file.flush()
        try folder.flush()
      } catch let failure as FileFailure where failure.isMissing {
        // The folder was removed by a completion or an abortion after it had been opened.
        throw StorageError.uploadMissing(upload)
      } catch {
        // The first failure is the one to tell; what is left is removed with the folder.
        try? folder.remove(name)
        throw error
      }
      return part
    }
  }

  private func join(_ parts: [UploadedPart], in folder: OpenFile, at key: ObjectKey) throws {
    var files: [(file: OpenFile, sizeBytes: Int64)] = []
    for part in parts {
      guard part.tag.utf8.allSatisfy(\.isLowercaseHexadecimal) else {
        throw StorageError.refused(status: 0, code: "InvalidPart")
      }
      let file = try folder.open(Self.fileName(part), O_RDWR)
      // The first file may be longer: an earlier completion may have ended while it was appending.
      let size = try file.sizeBytes() ?? -1
      guard size == part.sizeBytes || (files.isEmpty && size > part.sizeBytes) else {
        throw StorageError.refused(status: 0, code: "InvalidPart")
      }
      files.append((file, part.sizeBytes))
    }
    guard let first = files.first, let firstPart = parts.first else { return }
    try first.file.cut(toBytes: first.sizeBytes)
    for next in files.dropFirst() { try first.file.append(next.file, sizeBytes: next.sizeBytes) }
    try first.file.flush()
    let place = try place(of: key, making: true)
    try folder.rename(Self.fileName(firstPart), to: place.name, in: place.folder)
    try place.folder.flush()
  }

  private func remove(_ upload: MultipartUpload, _ folder: OpenFile) throws(FileFailure) {
    for name in try folder.names() { try folder.remove(name) }
    try uploads().remove(upload.id, isFolder: true)
  }

  private static func fileName(_ part: UploadedPart) -> String { "\(part.number).\(part.tag)" }
}
