private import Glibc
package import SharedModel

extension LocalStore {
  /// The most entries of one page.
  private static let largestPage = 1_000

  /// The clock is this machine's, also where the folder is on another.
  package func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing {
    let limit = min(max(limit, 1), Self.largestPage)
    return try await run { () throws(FileFailure) in
      // One more, to see whether objects follow.
      var walk = FileWalk(limit: limit + 1, after: name)
      if let folder = try self.storageFolder() {
        try walk.visit(folder, path: self.storagePath.prefix) { $0 == Self.privateFolder }
      }
      return ObjectListing(
        objects: Array(walk.files.prefix(limit)), isTruncated: walk.files.count > limit, asOfMs: Self.nowMs)
    }
  }

  /// Ordered by name and then id.
  package func listMultipart(
    after cursor: MultipartListing.Cursor?, limit: Int
  ) async throws(StorageError) -> MultipartListing {
    let limit = min(max(limit, 1), Self.largestPage)
    return try await run { () throws(FileFailure) in
      // A name has neither spaces nor control characters, so that this text is ordered like the pair.
      func text(_ name: String, _ id: String) -> String { "\(name) \(id)" }
      var smallest = SmallestNames<ListedMultipart>(limit: limit + 1)
      let uploads = try self.uploads()
      try uploads.forEachEntry { (id, _) throws(FileFailure) in
        guard let id, RandomIdentifier(parsing: id) != nil, let upload = try self.listed(id, in: uploads),
          upload.name.utf8.starts(with: self.storagePath.prefix.utf8)
        else { return }
        let place = text(upload.name, id)
        if let cursor, !text(cursor.name, cursor.id).utf8.lexicographicallyPrecedes(place.utf8) { return }
        smallest.insert(place, upload)
      }
      let found = smallest.inOrder().map(\.value)
      let page = Array(found.prefix(limit))
      let next = found.count > limit ? page.last.map { MultipartListing.Cursor(name: $0.name, id: $0.id) } : nil
      return MultipartListing(uploads: page, next: next, asOfMs: Self.nowMs)
    }
  }

  /// The upload whose folder is `id`; nil where it ended meanwhile.
  private func listed(_ id: String, in uploads: OpenFile) throws(FileFailure) -> ListedMultipart? {
    do throws(FileFailure) {
      let file = try uploads.folder(id).open(Self.uploadKeyFile, O_RDONLY | O_NONBLOCK)
      guard let status = try uploads.folder(id).status(of: Self.uploadKeyFile) else { return nil }
      let name = String(decoding: try file.read(at: 0, limit: 1_024), as: UTF8.self)
      return ListedMultipart(name: name, id: id, startedAtMs: status.modifiedAtMs)
    } catch {
      guard error.isMissing else { throw error }
      return nil
    }
  }

  /// The folder of the storage path; nil where nothing was stored yet.
  private func storageFolder() throws(FileFailure) -> OpenFile? {
    var folder = try root()
    do throws(FileFailure) {
      for component in storagePath.prefix.split(separator: "/") { folder = try folder.folder(String(component)) }
      return folder
    } catch {
      guard error.isMissing else { throw error }
      return nil
    }
  }

  private static var nowMs: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}

// MARK: - Copies between folders

extension LocalStore {
  /// Between any two folders this process can reach: its rights are the credentials.
  package func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? {
    guard let other = other as? LocalStore else { return nil }
    return try await attempt {
      guard let (file, actual) = try other.file(source) else { throw StorageError.objectMissing(source) }
      guard actual == sizeBytes else { throw StorageError.sizeMismatch(expectedBytes: sizeBytes, actualBytes: actual) }
      let staged = try StagedFile(in: self.staging())
      try staged.file.append(file, sizeBytes: sizeBytes)
      try staged.publish(at: self.place(of: key, making: true))
      return StoredObject(key: key, sizeBytes: sizeBytes)
    }
  }
}
