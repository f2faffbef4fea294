internal import HTTPTransport
internal import SharedModel

extension OpenStackStore {
  /// Writes the manifest, for which the store looks at every segment and compares its size and MD5, then takes the mark
  /// away. Where another has taken it meanwhile, by completing the same upload or by giving it up, it is looked whether
  /// the object is whole; nothing is deleted here, since it may be the other's.
  package func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject {
    try MultipartRules.check(parts, sizeBytes: sizeBytes)
    guard parts.count <= partLimits.maximumParts else { throw .refused(status: 0, code: "TooManyParts") }
    let mark: (name: String, digest: Digest?)
    do {
      mark = try await self.mark(upload)
    } catch {
      guard case .uploadMissing = error, let done = try await completed(upload) else { throw error }
      guard done.sizeBytes == sizeBytes else {
        throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: done.sizeBytes)
      }
      return done
    }
    try await writeManifest(upload, parts, digest: mark.digest)
    if try await !remove(OpenStackCall("DELETE", name: mark.name, of: upload)) {
      // An upload that is given up has its second mark until its segments are gone.
      guard try await !isEnding(upload, mark.name) else { throw .uploadMissing(upload) }
      try await writeManifest(upload, parts, digest: mark.digest)
    }
    guard let object = try await head(upload.key) else {
      throw .invalidResponse(detail: "completed, but there is no object")
    }
    guard object.sizeBytes == sizeBytes else {
      throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: object.sizeBytes)
    }
    return object
  }

  /// The object of an upload that was completed before.
  private func completed(_ upload: MultipartUpload) async throws(StorageError) -> StoredObject? {
    let found = try await found(upload.key)
    return found?.uploadID?.hex == upload.id ? found?.object : nil
  }

  private func isEnding(_ upload: MultipartUpload, _ mark: String) async throws(StorageError) -> Bool {
    let call = OpenStackCall("HEAD", name: OpenStackNames.endingMark(mark), of: upload)
    do {
      try await retrying { () throws(StorageError) in try await client.send(call).body.discard() }
      return true
    } catch {
      guard case .uploadMissing = error else { throw error }
      return false
    }
  }

  private func writeManifest(
    _ upload: MultipartUpload, _ parts: [UploadedPart], digest: Digest?
  ) async throws(StorageError) {
    var entries: [OpenStackManifest.Entry] = []
    // Swift takes no empty segments.
    for part in parts where part.sizeBytes > 0 {
      guard let (segment, checksum) = OpenStackNames.segment(upload.id, of: part) else {
        throw .refused(status: 400, code: "InvalidPart")
      }
      entries.append(.init(name: segment.name, checksum: checksum, sizeBytes: part.sizeBytes))
    }
    let most = client.connection.segmentsPerManifest
    if entries.count > most { entries = try await joined(entries, upload, atMost: most) }
    var call = OpenStackCall("PUT", upload.key)
    call.headers = Self.headers(digest) + [(name: Self.uploadHeader, value: upload.id)]
    guard !entries.isEmpty else {
      _ = try await store(call, slices: [])
      return
    }
    _ = try await write(entries, call, of: upload)
  }

  /// Manifests of manifests: each joins as many segments as one may have.
  private func joined(
    _ entries: [OpenStackManifest.Entry], _ upload: MultipartUpload, atMost most: Int
  ) async throws(StorageError) -> [OpenStackManifest.Entry] {
    var joined: [OpenStackManifest.Entry] = []
    for start in stride(from: 0, to: entries.count, by: most) {
      let group = Array(entries[start..<min(start + most, entries.count)])
      let name = OpenStackNames.joined(upload.id, index: start / most)
      var call = OpenStackCall("PUT", name: name, of: upload)
      call.headers = Self.headers(nil)
      let checksum = try await write(group, call, of: upload)
      joined.append(.init(name: name, checksum: checksum, sizeBytes: group.reduce(0) { $0 + $1.sizeBytes }))
    }
    return joined
  }

  private func write(
    _ entries: [OpenStackManifest.Entry], _ call: OpenStackCall, of upload: MultipartUpload
  ) async throws(StorageError) -> String {
    var call = call
    call.query = [(name: "multipart-manifest", value: "put")]
    call.weight = .heavy
    let body = OpenStackManifest.json(entries, container: client.connection.container)
    do throws(StorageError) {
      return try await retrying { [call] () throws(StorageError) in
        let response = try await client.send(call, body: .bytes(body))
        response.body.discard()
        return try Self.checksum(response.headers)
      }
    } catch {
      guard case .refused(400, _) = error else { throw error }
      // A segment is missing or another one: because the upload was given up, or by the caller's list.
      _ = try await mark(upload)
      throw .refused(status: 400, code: "InvalidPart")
    }
  }
}

/// The body of a PUT with `multipart-manifest=put`.
///
/// https://docs.openstack.org/swift/latest/overview_large_objects.html ("Static Large Objects").
enum OpenStackManifest {
  struct Entry: Sendable {
    let name: String
    let checksum: String
    let sizeBytes: Int64
  }

  static func json(_ entries: [Entry], container: String) -> [UInt8] {
    let items = entries.map { entry in
      "{\"path\":\(OpenStackJSON.quoted("/\(container)/\(entry.name)")),\"etag\":\"\(entry.checksum)\","
        + "\"size_bytes\":\(entry.sizeBytes)}"
    }
    return Array("[\(items.joined(separator: ","))]".utf8)
  }
}
