package import SharedModel

extension S3Store {
  /// CopyObject takes at most this much (docs: "Copying objects").
  private static let largestCopyBytes: Int64 = 5 << 30
  /// One range of a larger copy.
  private static let copyPartBytes: Int64 = 1 << 30
  private static let copyPartsAtOnce = 4
  /// The slowest a store is believed to copy inside itself.
  private static let slowestCopyBytesPerSecond: Int64 = 10 << 20

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
    do throws(StorageError) {
      guard sizeBytes <= Self.largestCopyBytes else {
        return try await copyInParts(copying, to: key, attributes)
      }
      try await copyWhole(copying, to: key, attributes)
    } catch {
      switch error {
      case .accessDenied, .refused, .unsupported: return nil
      default: throw error
      }
    }
    // What the store made is as large as the source, whatever the caller took that to be.
    guard let object = try await head(key) else { throw .invalidResponse(detail: "copied, but there is no object") }
    guard object.sizeBytes == sizeBytes else {
      throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: object.sizeBytes)
    }
    return object
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
      method: "PUT", key: key, headers: headers, source: source.key, weight: .within(deadline(source.sizeBytes)))
    try await retry.run { _ throws(StorageError) in
      _ = try await client.sendForXML(call, root: "CopyObjectResult")
    }
  }

  private func copyInParts(
    _ source: CopySource, to key: ObjectKey, _ attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    let upload = try await beginMultipart(key, attributes: attributes)
    do {
      let parts = try await copiedParts(of: source, into: upload)
      return try await completeMultipart(upload, parts: parts, sizeBytes: source.sizeBytes)
    } catch {
      // In a task of its own, for this one may be the cancelled one.
      await Task {
        // The first error is the one to report; an upload that stays behind is swept as stale.
        try? await abortMultipart(upload)
      }.value
      throw error
    }
  }

  private func copiedParts(
    of source: CopySource, into upload: MultipartUpload
  ) async throws(StorageError) -> [UploadedPart] {
    let ranges = try ranges(of: source.sizeBytes)
    do {
      return try await withThrowingTaskGroup(of: UploadedPart.self) { group in
        var parts: [UploadedPart] = []
        for (index, range) in ranges.enumerated() {
          if index >= Self.copyPartsAtOnce, let part = try await group.next() { parts.append(part) }
          group.addTask { try await copyRange(range, of: source, into: upload, number: index + 1) }
        }
        for try await part in group { parts.append(part) }
        return parts.sorted { $0.number < $1.number }
      }
    } catch let error as StorageError {
      throw error
    } catch {
      // Nothing else is thrown in the group.
      throw .cancelled
    }
  }

  private func copyRange(
    _ range: ByteRange, of source: CopySource, into upload: MultipartUpload, number: Int
  ) async throws(StorageError) -> UploadedPart {
    var call = S3Call.multipart("PUT", upload, part: number, weight: .within(deadline(range.count)))
    call.headers = [
      (name: "x-amz-copy-source", value: source.path), (name: "x-amz-copy-source-range", value: "bytes=\(range)"),
    ]
    call.source = source.key
    return try await retry.run { [call] _ throws(StorageError) in
      let answer = try await client.sendForXML(call, root: "CopyPartResult")
      return UploadedPart(number: number, sizeBytes: range.count, tag: try Self.tag(answer["ETag"]))
    }
  }

  private func ranges(of sizeBytes: Int64) throws(StorageError) -> [ByteRange] {
    let limit = Int64(partLimits.maximumParts)
    let partBytes = max(Self.copyPartBytes, (sizeBytes - 1) / limit + 1)
    guard partBytes <= Self.largestCopyBytes else { throw .tooLarge(limitBytes: Self.largestCopyBytes * limit) }
    return (0...((sizeBytes - 1) / partBytes)).compactMap { index in
      ByteRange(first: index * partBytes, last: min((index + 1) * partBytes, sizeBytes) - 1)
    }
  }

  private func deadline(_ sizeBytes: Int64) -> Duration {
    max(client.connection.deadlines.heavy, .seconds(30 + sizeBytes / Self.slowestCopyBytesPerSecond))
  }
}

extension S3Connection {
  /// Whether one of our requests may name an object in the other's bucket.
  func isSameService(as other: S3Connection) -> Bool {
    endpoint == other.endpoint && credentials.identity == other.credentials.identity
  }
}
