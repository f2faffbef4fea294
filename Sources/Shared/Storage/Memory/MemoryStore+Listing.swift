package import SharedModel

extension MemoryStore {
  /// The most entries of one page.
  private static let largestPage = 1_000

  package func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing {
    let limit = min(max(limit, 1), Self.largestPage)
    return try access { state throws(StorageError) in
      // One more, to see whether objects follow.
      var smallest = SmallestNames<ListedObject>(limit: limit + 1)
      for (key, object) in state.objects {
        let text = key.description
        guard follows(text, name) else { continue }
        smallest.insert(
          text, ListedObject(name: text, sizeBytes: object.sizeBytes, modifiedAtMs: object.modifiedAtMs))
      }
      let found = smallest.inOrder().map(\.value)
      return ObjectListing(objects: Array(found.prefix(limit)), isTruncated: found.count > limit, asOfMs: self.nowMs())
    }
  }

  /// Ordered by name and then id.
  package func listMultipart(
    after cursor: MultipartListing.Cursor?, limit: Int
  ) async throws(StorageError) -> MultipartListing {
    let limit = min(max(limit, 1), Self.largestPage)
    return try access { state throws(StorageError) in
      var smallest = SmallestNames<ListedMultipart>(limit: limit + 1)
      for (upload, known) in state.uploads {
        // A name has neither spaces nor control characters, so that this text is ordered like the pair.
        let text = "\(upload.key) \(upload.id)"
        guard follows(text, cursor.map { "\($0.name) \($0.id)" }) else { continue }
        smallest.insert(
          text, ListedMultipart(name: upload.key.description, id: upload.id, startedAtMs: known.startedAtMs))
      }
      let found = smallest.inOrder().map(\.value)
      let page = Array(found.prefix(limit))
      let next = found.count > limit ? page.last.map { MultipartListing.Cursor(name: $0.name, id: $0.id) } : nil
      return MultipartListing(uploads: page, next: next, asOfMs: self.nowMs())
    }
  }

  /// Shares the bytes of a store of the same service.
  package func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? {
    guard let other = other as? MemoryStore, let service, other.service == service else { return nil }
    let found = try other.access { state throws(StorageError) in state.objects[source] }
    guard let found else { throw .objectMissing(source) }
    guard found.sizeBytes == sizeBytes else {
      throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: found.sizeBytes)
    }
    try access { state throws(StorageError) in
      try self.hold(sizeBytes, &state)
      self.store(self.object(found.slices, sizeBytes: sizeBytes, digest: attributes.digest), at: key, &state)
    }
    return StoredObject(key: key, sizeBytes: sizeBytes, digest: attributes.digest)
  }

  private func follows(_ text: String, _ name: String?) -> Bool {
    text.utf8.starts(with: storagePath.prefix.utf8) && name.map { $0.utf8.lexicographicallyPrecedes(text.utf8) } ?? true
  }
}
