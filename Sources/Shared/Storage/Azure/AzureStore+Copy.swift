internal import HTTPTransport
package import SharedModel

extension AzureStore {
  /// One range of a copy.
  private static let copyBlockBytes: Int64 = 256 << 20

  /// Blocks that the service reads itself (Put Block From URL), committed together: unlike Copy Blob it ends when it
  /// answers, takes no attribute over from the source, and shows nothing before all bytes are there.
  ///
  /// Only within one account; a service that refuses says so by nil, since reading and writing may still be allowed.
  package func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? {
    guard let other = other as? AzureStore, client.connection.isSameService(as: other.client.connection) else {
      return nil
    }
    return try await ServerSideCopy.unlessRefused { () async throws(StorageError) in
      guard let found = try await other.head(source) else { throw .objectMissing(source) }
      guard found.sizeBytes == sizeBytes else {
        throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: found.sizeBytes)
      }
      return try await copyBlocks(of: source, at: other.client, to: key, sizeBytes: sizeBytes, attributes)
    }
  }

  /// Stages one block from a range of a blob of the same account.
  func copyBlock(
    _ range: ByteRange, of source: ObjectKey, at other: AzureClient, into upload: MultipartUpload, number: Int
  ) async throws(StorageError) -> UploadedPart {
    let id = AzureBlockID.fresh(number: number)
    let deadline = ServerSideCopy.deadline(range.count, client.connection.deadlines)
    var call = AzureCall.blocks("block", upload, id: id, weight: .within(deadline))
    call.headers = [
      ("x-ms-copy-source", other.sourceURL(source, lifetime: deadline)), ("x-ms-source-range", "bytes=\(range)"),
    ]
    call.source = source
    return try await retry.run { [call] _ throws(StorageError) in
      try await client.sendForHeaders(call)
      return UploadedPart(number: number, sizeBytes: range.count, tag: id)
    }
  }

  private func copyBlocks(
    of source: ObjectKey, at other: AzureClient, to key: ObjectKey, sizeBytes: Int64, _ attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    let upload = MultipartUpload(key: key, id: RandomIdentifier().hex)
    do throws(StorageError) {
      let blocks = try await copiedBlocks(of: source, at: other, into: upload, sizeBytes: sizeBytes)
      return try await commit(upload, blocks, sizeBytes: sizeBytes, attributes)
    } catch {
      // In a task of its own, for this one may be the cancelled one.
      await Task {
        // The first error is the one to report; the service drops blocks that stay behind after a week.
        try? await dropBlocks(upload)
      }.value
      throw error
    }
  }

  private func copiedBlocks(
    of source: ObjectKey, at other: AzureClient, into upload: MultipartUpload, sizeBytes: Int64
  ) async throws(StorageError) -> [UploadedPart] {
    let ranges = ServerSideCopy.ranges(of: sizeBytes, each: Self.copyBlockBytes)
    guard ranges.count <= partLimits.maximumParts else {
      throw .tooLarge(limitBytes: Self.copyBlockBytes * Int64(partLimits.maximumParts))
    }
    guard !ranges.isEmpty else { return [UploadedPart(number: 1, sizeBytes: 0, tag: AzureBlockID.ofNothing)] }
    return try await ServerSideCopy.parts(ranges) { range, number async throws(StorageError) in
      try await copyBlock(range, of: source, at: other, into: upload, number: number)
    }
  }
}
