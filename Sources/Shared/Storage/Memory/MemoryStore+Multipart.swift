package import SharedModel

extension MemoryStore {
  package func beginMultipart(
    _ key: ObjectKey, attributes: ObjectAttributes
  ) async throws(StorageError) -> MultipartUpload {
    let upload = MultipartUpload(key: key, id: RandomIdentifier().hex)
    try access { state throws(StorageError) in
      state.uploads[upload] = Upload(attributes: attributes, startedAtMs: self.nowMs())
    }
    return upload
  }

  package func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart {
    try add(
      object(slices, sizeBytes: slices.totalBytes, digest: nil), to: upload, number)
  }

  package func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    let object = try access { state throws(StorageError) in state.objects[source] }
    guard let object else { throw .objectMissing(source) }
    guard object.sizeBytes == sizeBytes else {
      throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: object.sizeBytes)
    }
    return try add(object, to: upload, number)
  }

  package func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject {
    try MultipartRules.check(parts, sizeBytes: sizeBytes)
    return try access { state throws(StorageError) in
      guard let known = state.uploads[upload] else {
        // The same completion again: the key is never used for other bytes, so the object of this size is its result.
        guard let object = state.objects[upload.key], object.sizeBytes == sizeBytes else {
          throw .uploadMissing(upload)
        }
        return StoredObject(key: upload.key, sizeBytes: sizeBytes, digest: object.digest)
      }
      var slices: [[UInt8]] = []
      for part in parts {
        guard let stored = known.parts[part.number], stored.tag == part.tag, stored.object.sizeBytes == part.sizeBytes
        else { throw .refused(status: 400, code: "InvalidPart") }
        guard stored.object.sizeBytes >= self.partLimits.minimumPartBytes || part == parts.last else {
          throw .refused(status: 400, code: "EntityTooSmall")
        }
        slices += stored.object.slices
      }
      self.forget(upload, &state)
      try self.hold(sizeBytes, &state)
      self.store(
        self.object(slices, sizeBytes: sizeBytes, digest: known.attributes.digest), at: upload.key, &state)
      return StoredObject(key: upload.key, sizeBytes: sizeBytes, digest: known.attributes.digest)
    }
  }

  package func abortMultipart(_ upload: MultipartUpload) async throws(StorageError) {
    try access { state throws(StorageError) in self.forget(upload, &state) }
  }

  private func add(_ object: Object, to upload: MultipartUpload, _ number: Int) throws(StorageError) -> UploadedPart {
    guard object.sizeBytes <= partLimits.maximumPartBytes else {
      throw .tooLarge(limitBytes: partLimits.maximumPartBytes)
    }
    guard (1...partLimits.maximumParts).contains(number) else { throw .refused(status: 0, code: "InvalidPartNumber") }
    let tag = RandomIdentifier().hex
    try access { state throws(StorageError) in
      guard state.uploads[upload] != nil else { throw .uploadMissing(upload) }
      try self.hold(object.sizeBytes, &state)
      if let old = state.uploads[upload]?.parts.updateValue((tag, object), forKey: number) {
        state.heldBytes -= old.object.sizeBytes
      }
    }
    return UploadedPart(number: number, sizeBytes: object.sizeBytes, tag: tag)
  }

  private func forget(_ upload: MultipartUpload, _ state: inout State) {
    guard let known = state.uploads.removeValue(forKey: upload) else { return }
    for (_, object) in known.parts.values { state.heldBytes -= object.sizeBytes }
  }
}
