internal import HTTPTransport
package import SharedModel

/// An object of the account that is to be copied, or a range of it.
struct OpenStackCopySource: Sendable {
  let key: ObjectKey
  let container: String
  let sizeBytes: Int64
  var range: ByteRange?
}

extension OpenStackStore {
  package func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? {
    guard let other = other as? OpenStackStore, client.connection.isSameAccount(as: other.client.connection) else {
      return nil
    }
    let copying = OpenStackCopySource(key: source, container: other.client.connection.container, sizeBytes: sizeBytes)
    guard sizeBytes <= client.connection.largestObjectBytes else {
      return try await ServerSideCopy.unlessRefused { () async throws(StorageError) in
        try await copyInParts(to: key, sizeBytes: sizeBytes, attributes: attributes) {
          upload async throws(StorageError) in try await copiedParts(of: copying, into: upload)
        }
      }
    }
    var call = putCall(key, attributes)
    call.weight = .small
    let checksum = try await ServerSideCopy.unlessRefused { [call] () async throws(StorageError) in
      try await copied(copying, into: call)
    }
    return checksum == nil ? nil : try await copied(to: key, sizeBytes: sizeBytes)
  }

  /// Has the store write an object from another of the account; the MD5 of what it wrote.
  ///
  /// Throws `unsupported` where the store does not know how, having written something else.
  func copied(_ source: OpenStackCopySource, into call: OpenStackCall) async throws(StorageError) -> String {
    var call = call
    call.headers += [
      (
        name: "x-copy-from",
        value: "/\(PercentEncoding.path(source.container))/\(PercentEncoding.path(source.key.description))"
      ),
      // The source's own attributes stay where they are.
      (name: "x-fresh-metadata", value: "true"),
    ]
    if let range = source.range { call.headers.append((name: "range", value: "bytes=\(range)")) }
    call.weight = .within(
      ServerSideCopy.deadline(source.range?.count ?? source.sizeBytes, client.connection.deadlines))
    let answer: HTTPTransportResponse
    do throws(StorageError) {
      answer = try await retrying { [call] () throws(StorageError) in
        let response = try await client.send(call)
        response.body.discard()
        return response
      }
    } catch {
      // The one thing a copy may not find, besides the container, is its source.
      guard case .bucketMissing = error else { throw error }
      throw .objectMissing(source.key)
    }
    guard answer.headers["x-copied-from"] != nil else {
      call.method = "DELETE"
      call.headers = []
      try await remove(call)
      throw .unsupported(operation: "copy inside the store")
    }
    return try Self.checksum(answer.headers)
  }

  private func copiedParts(
    of source: OpenStackCopySource, into upload: MultipartUpload
  ) async throws(StorageError) -> [UploadedPart] {
    let partBytes = client.connection.copyPartBytes
    guard source.sizeBytes <= partBytes * Int64(partLimits.maximumParts) else {
      throw .tooLarge(limitBytes: partBytes * Int64(partLimits.maximumParts))
    }
    return try await ServerSideCopy.parts(ServerSideCopy.ranges(of: source.sizeBytes, each: partBytes)) {
      range, number async throws(StorageError) in
      let segment = OpenStackNames.segment(upload.id, number: number)
      var piece = source
      piece.range = range
      let checksum = try await copied(piece, into: OpenStackCall("PUT", name: segment.name, of: upload))
      return UploadedPart(number: number, sizeBytes: range.count, tag: segment.tag(checksum))
    }
  }
}
