package import SharedModel

extension S3Store {
  /// CopyObject takes at most this much (docs: "Copying objects").
  private static let largestCopyBytes: Int64 = 5 << 30
  /// One range of a larger copy.
  private static let copyPartBytes: Int64 = 1 << 30

  /// A copy is asked of the store that is to have the object, and needs the right to read the other's bucket: with one
  /// source of credentials at one endpoint both are a matter of the same account. A store that refuses says so by nil, since reading
  /// and writing may still be allowed, and tells more where they are not.
  package func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? {
    guard let other = other as? S3Store, client.connection.isSameService(as: other.client.connection),
      sizeBytes <= Self.largestCopyBytes || client.connection.copiesParts
    else { return nil }
    let path = "/\(PercentEncoding.path(other.client.connection.bucket))/\(PercentEncoding.path(source.description))"
    let copying = CopySource(key: source, path: path, sizeBytes: sizeBytes)
    guard sizeBytes <= Self.largestCopyBytes else {
      return try await ServerSideCopy.unlessRefused { () async throws(StorageError) in
        try await copyInParts(to: key, sizeBytes: sizeBytes, attributes: attributes) {
          upload async throws(StorageError) in try await copiedParts(of: copying, into: upload)
        }
      }
    }
    let isCopied: Void? = try await ServerSideCopy.unlessRefused { () async throws(StorageError) in
      try await copyWhole(copying, to: key, attributes)
    }
    return isCopied == nil ? nil : try await copied(to: key, sizeBytes: sizeBytes)
  }

  private struct CopySource: Sendable {
    let key: ObjectKey
    /// The value of `x-amz-copy-source`.
    let path: String
    let sizeBytes: Int64
  }

  private func copyWhole(
    _ source: CopySource, to key: ObjectKey, _ attributes: ObjectAttributes
  ) async throws(StorageError) {
    // The attributes are ours to say: the source may have been written before its digest was known.
    let headers =
      client.headers(attributes) + [
        (name: "x-amz-copy-source", value: source.path), (name: "x-amz-metadata-directive", value: "REPLACE"),
      ]
    let call = S3Call(
      method: "PUT", key: key, headers: headers, source: source.key,
      weight: .within(ServerSideCopy.deadline(source.sizeBytes, client.connection.deadlines)))
    try await retry.run { _ throws(StorageError) in
      _ = try await client.sendForXML(call, root: "CopyObjectResult")
    }
  }

  private func copiedParts(
    of source: CopySource, into upload: MultipartUpload
  ) async throws(StorageError) -> [UploadedPart] {
    let limit = Int64(partLimits.maximumParts)
    let partBytes = max(Self.copyPartBytes, (source.sizeBytes - 1) / limit + 1)
    guard partBytes <= Self.largestCopyBytes else { throw .tooLarge(limitBytes: Self.largestCopyBytes * limit) }
    return try await ServerSideCopy.parts(ServerSideCopy.ranges(of: source.sizeBytes, each: partBytes)) {
      range, number async throws(StorageError) in
      try await copyRange(range, of: source, into: upload, number: number)
    }
  }

  private func copyRange(
    _ range: ByteRange, of source: CopySource, into upload: MultipartUpload, number: Int
  ) async throws(StorageError) -> UploadedPart {
    var call = S3Call.multipart(
      "PUT", upload, part: number, weight: .within(ServerSideCopy.deadline(range.count, client.connection.deadlines)))
    call.headers = [
      (name: "x-amz-copy-source", value: source.path), (name: "x-amz-copy-source-range", value: "bytes=\(range)"),
    ]
    call.source = source.key
    return try await retry.run { [call] _ throws(StorageError) in
      let answer = try await client.sendForXML(call, root: "CopyPartResult")
      return UploadedPart(number: number, sizeBytes: range.count, tag: try Self.tag(answer["ETag"]))
    }
  }
}

extension S3Connection {
  /// Whether one of our requests may name an object in the other's bucket.
  func isSameService(as other: S3Connection) -> Bool {
    endpoint == other.endpoint && credentials.identity == other.credentials.identity
  }
}
