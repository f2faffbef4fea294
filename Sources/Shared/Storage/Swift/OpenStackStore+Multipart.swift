internal import HTTPTransport
package import SharedModel

extension OpenStackStore {
  /// The upload's id is ours, so a second try finds or makes the same mark.
  package func beginMultipart(
    _ key: ObjectKey, attributes: ObjectAttributes
  ) async throws(StorageError) -> MultipartUpload {
    let upload = MultipartUpload(key: key, id: RandomIdentifier().hex)
    guard let mark = OpenStackNames.mark(upload) else { throw .uploadMissing(upload) }
    var call = OpenStackCall("PUT", name: mark, of: upload)
    call.headers = Self.headers(attributes.digest)
    _ = try await store(call, slices: [])
    return upload
  }

  package func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart {
    let (segment, size) = try segment(upload, number: number, sizeBytes: slices.totalBytes)
    var call = OpenStackCall("PUT", name: segment.name, of: upload, weight: .streaming)
    call.headers = Self.headers(nil)
    let checksum = try await store(call, slices: slices)
    try await confirmOpen(upload, orRemove: segment)
    return UploadedPart(number: number, sizeBytes: size, tag: segment.tag(checksum))
  }

  package func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    let (segment, size) = try segment(upload, number: number, sizeBytes: sizeBytes)
    let call = OpenStackCall("PUT", name: segment.name, of: upload)
    let checksum = try await copied(
      OpenStackCopySource(key: source, container: client.connection.container, sizeBytes: sizeBytes), into: call)
    try await confirmOpen(upload, orRemove: segment)
    return UploadedPart(number: number, sizeBytes: size, tag: segment.tag(checksum))
  }

  /// First says that the upload is ending, then takes its mark away, then deletes: whoever completes it meanwhile finds
  /// one mark gone and the other there, and what is interrupted here is listed and can be ended again.
  ///
  /// Segments of an object that exists are never deleted: its completion was only interrupted before it took its mark away.
  package func abortMultipart(_ upload: MultipartUpload) async throws(StorageError) {
    guard let mark = OpenStackNames.mark(upload) else { return }
    let ending = OpenStackNames.endingMark(mark)
    _ = try await store(OpenStackCall("PUT", name: ending, of: upload), slices: [])
    try await remove(OpenStackCall("DELETE", name: mark, of: upload))
    if try await found(upload.key, isNewest: true)?.uploadID?.hex != upload.id {
      try await deleteAll(prefix: OpenStackNames.segments(upload.id))
    }
    try await remove(OpenStackCall("DELETE", name: ending, of: upload))
  }

  /// The mark of an open upload and the digest it was begun with; throws `uploadMissing` where it is not open.
  func mark(_ upload: MultipartUpload) async throws(StorageError) -> (name: String, digest: Digest?) {
    guard let name = OpenStackNames.mark(upload) else { throw .uploadMissing(upload) }
    let call = OpenStackCall("HEAD", name: name, of: upload)
    return try await retrying { () throws(StorageError) in
      (name, Self.digest(try await client.send(call).headers))
    }
  }

  /// Throws `uploadMissing` where the upload has ended meanwhile, leaving nothing of the part behind.
  private func confirmOpen(
    _ upload: MultipartUpload, orRemove segment: OpenStackNames.Segment
  ) async throws(StorageError) {
    do {
      _ = try await mark(upload)
    } catch {
      guard case .uploadMissing = error else { throw error }
      try await remove(OpenStackCall("DELETE", name: segment.name, of: upload))
      throw error
    }
  }

  private func segment(
    _ upload: MultipartUpload, number: Int, sizeBytes: Int64
  ) throws(StorageError) -> (OpenStackNames.Segment, Int64) {
    guard sizeBytes <= partLimits.maximumPartBytes else { throw .tooLarge(limitBytes: partLimits.maximumPartBytes) }
    guard (1...partLimits.maximumParts).contains(number) else { throw .refused(status: 0, code: "InvalidPartNumber") }
    guard RandomIdentifier(parsing: upload.id) != nil else { throw .uploadMissing(upload) }
    return (OpenStackNames.segment(upload.id, number: number), sizeBytes)
  }
}
