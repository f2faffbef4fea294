internal import HTTPTransport
package import SharedModel

extension AzureStore {
  /// Writes the upload's mark; under the same id it may be written twice.
  package func beginMultipart(
    _ key: ObjectKey, attributes: ObjectAttributes
  ) async throws(StorageError) -> MultipartUpload {
    let upload = MultipartUpload(key: key, id: RandomIdentifier().hex)
    var call = AzureCall.mark("PUT", upload)
    guard call.name.map({ $0.utf8.count <= 1024 }) == true else { throw .refused(status: 0, code: "KeyTooLong") }
    call.headers = AzureClient.headers(attributes) + [("x-ms-blob-type", "BlockBlob")]
    _ = try await retry.run { [call] _ throws(StorageError) in try await client.sendForHeaders(call) }
    openUploads.note(upload)
    return upload
  }

  package func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart {
    let size = try checkedPartSize(slices.totalBytes, number: number)
    try await confirmOpen(upload)
    guard size > 0 else { return UploadedPart(number: number, sizeBytes: 0, tag: AzureBlockID.ofNothing) }
    let id = AzureBlockID.fresh(number: number)
    let call = AzureCall.blocks("block", upload, id: id, weight: .streaming)
    return try await retry.run { _ throws(StorageError) in
      try await client.sendForHeaders(call, slices: slices)
      return UploadedPart(number: number, sizeBytes: size, tag: id)
    }
  }

  package func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    let size = try checkedPartSize(sizeBytes, number: number)
    try await confirmOpen(upload)
    guard let range = ByteRange(first: 0, last: size - 1) else {
      guard try await head(source) != nil else { throw .objectMissing(source) }
      return UploadedPart(number: number, sizeBytes: 0, tag: AzureBlockID.ofNothing)
    }
    return try await copyBlock(range, of: source, at: client, into: upload, number: number)
  }

  /// Commits the blocks where nothing is committed under the key yet, looks at the size, and takes the mark away.
  package func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject {
    try MultipartRules.check(parts, sizeBytes: sizeBytes)
    openUploads.forget(upload)
    guard let attributes = try await attributes(of: upload) else {
      // An earlier completion took the mark away: then the object is there.
      guard let object = try await completed(upload, sizeBytes: sizeBytes) else { throw .uploadMissing(upload) }
      return object
    }
    let object = try await commit(upload, parts, sizeBytes: sizeBytes, attributes)
    // A mark that stays is found by the sweep of stale uploads, whose abort leaves a completed object alone.
    try? await removeMark(upload)
    return object
  }

  /// Drops the staged blocks, then the mark: what fails in between is found again by the mark.
  package func abortMultipart(_ upload: MultipartUpload) async throws(StorageError) {
    openUploads.forget(upload)
    guard try await attributes(of: upload) != nil else { return }
    try await dropBlocks(upload)
    try await removeMark(upload)
  }

  private func checkedPartSize(_ sizeBytes: Int64, number: Int) throws(StorageError) -> Int64 {
    guard sizeBytes <= partLimits.maximumPartBytes else { throw .tooLarge(limitBytes: partLimits.maximumPartBytes) }
    guard (1...partLimits.maximumParts).contains(number) else { throw .refused(status: 0, code: "InvalidPartNumber") }
    return sizeBytes
  }
}

// MARK: - Marks

extension AzureStore {
  /// Throws `uploadMissing` where the upload was never begun or has ended.
  private func confirmOpen(_ upload: MultipartUpload) async throws(StorageError) {
    guard !openUploads.isOpen(upload) else { return }
    guard try await attributes(of: upload) != nil else { throw .uploadMissing(upload) }
    openUploads.note(upload)
  }

  /// What the upload was begun with; nil where it has no mark.
  private func attributes(of upload: MultipartUpload) async throws(StorageError) -> ObjectAttributes? {
    // Such a name was minted by no upload of this engine.
    guard RandomIdentifier(parsing: upload.id) != nil else { return nil }
    do {
      return try await retry.run { _ throws(StorageError) in
        let headers = try await client.sendForHeaders(.mark("HEAD", upload))
        return ObjectAttributes(digest: headers[Self.digestHeader].flatMap { Self.digest($0) })
      }
    } catch {
      guard case .uploadMissing = error else { throw error }
      return nil
    }
  }

  private func removeMark(_ upload: MultipartUpload) async throws(StorageError) {
    do {
      _ = try await retry.run { _ throws(StorageError) in try await client.sendForHeaders(.mark("DELETE", upload)) }
    } catch {
      guard case .uploadMissing = error else { throw error }
    }
  }
}

// MARK: - Blocks

extension AzureStore {
  /// Makes the object of staged blocks and confirms its size.
  func commit(
    _ upload: MultipartUpload, _ parts: [UploadedPart], sizeBytes: Int64, _ attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    var call = AzureCall.blocks("blocklist", upload, weight: .heavy)
    call.headers =
      AzureClient.headers(attributes) + [
        ("if-none-match", "*"), ("x-ms-blob-content-type", "application/octet-stream"),
      ]
    let body = Self.blockList(parts)
    let resolved = try await retry.run { [call] _ throws(StorageError) -> StoredObject? in
      do throws(StorageError) {
        try await client.sendForHeaders(call, slices: [body])
        return nil
      } catch {
        // An earlier try may have succeeded without our hearing of it: then the object is there.
        guard error.mayPassSoon || error.isAlreadyThere else { throw error }
        guard let object = try await completed(upload, sizeBytes: sizeBytes) else { throw error }
        return object
      }
    }
    if let resolved { return resolved }
    guard let object = try await head(upload.key) else {
      throw .invalidResponse(detail: "committed, but there is no blob")
    }
    guard object.sizeBytes == sizeBytes else {
      throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: object.sizeBytes)
    }
    return object
  }

  /// The object an upload was completed to; nil where there is none, one of another size, or the place of an aborted one.
  private func completed(_ upload: MultipartUpload, sizeBytes: Int64) async throws(StorageError) -> StoredObject? {
    guard let found = try await properties(upload.key), found.abortedUpload == nil,
      found.object.sizeBytes == sizeBytes
    else { return nil }
    return found.object
  }

  /// Drops what is staged under the upload's key, unless the key has an object, which is never touched.
  ///
  /// Staged blocks go when other blocks are committed, and nothing else drops them before a week has passed: so none are
  /// committed, and the empty blob that makes, which says what it is, is deleted at once. What another task stages or
  /// commits meanwhile finds its blocks gone.
  func dropBlocks(_ upload: MultipartUpload) async throws(StorageError) {
    var call = AzureCall.blocks("blocklist", upload, weight: .small)
    call.headers = [("if-none-match", "*"), (Self.abortedHeader, upload.id)]
    let body = Self.blockList([])
    var tag: String?
    do {
      tag = try await retry.run { [call] _ throws(StorageError) in
        try await client.sendForHeaders(call, slices: [body])["etag"]
      }
    } catch {
      guard error.isAlreadyThere else { throw error }
      // The object of a completed upload, or the empty blob of an abort that was cut short.
      let found = try await properties(upload.key)
      guard found?.abortedUpload == upload.id else { return }
      tag = found?.tag
    }
    guard let tag else { throw .invalidResponse(detail: "no ETag") }
    var deletion = AzureCall.object("DELETE", upload.key)
    deletion.headers = [("if-match", tag)]
    do {
      _ = try await retry.run { [deletion] _ throws(StorageError) in try await client.sendForHeaders(deletion) }
    } catch {
      // Gone, or something else by now.
      switch error {
      case .objectMissing, .refused(412, _): return
      default: throw error
      }
    }
  }

  /// The body of Put Block List; only blocks that were staged and never committed count.
  private static func blockList(_ parts: [UploadedPart]) -> [UInt8] {
    var text = #"<?xml version="1.0" encoding="utf-8"?><BlockList>"#
    // What is no base64 was staged by nobody; the service refuses the list that names it.
    for part in parts where part.tag != AzureBlockID.ofNothing {
      text += "<Uncommitted>\(part.tag.filter { $0 != "<" && $0 != "&" })</Uncommitted>"
    }
    return Array((text + "</BlockList>").utf8)
  }
}
