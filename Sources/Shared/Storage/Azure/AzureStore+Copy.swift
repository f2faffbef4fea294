internal import HTTPTransport
package import SharedModel

extension AzureStore {
  /// One range of a copy.
  private static let copyBlockBytes: Int64 = 256 << 20
  private static let copyBlocksAtOnce = 4
  /// The slowest the service is believed to copy inside itself.
  private static let slowestCopyBytesPerSecond: Int64 = 10 << 20

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
    do throws(StorageError) {
      guard let found = try await other.head(source) else { throw .objectMissing(source) }
      guard found.sizeBytes == sizeBytes else {
        throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: found.sizeBytes)
      }
      return try await copyBlocks(of: source, at: other.client, to: key, sizeBytes: sizeBytes, attributes)
    } catch {
      switch error {
      case .accessDenied, .refused, .unsupported: return nil
      default: throw error
      }
    }
  }

  /// Stages one block from a range of a blob of the same account.
  func copyBlock(
    _ range: ByteRange, of source: ObjectKey, at other: AzureClient, into upload: MultipartUpload, number: Int
  ) async throws(StorageError) -> UploadedPart {
    let id = AzureBlockID.fresh(number: number)
    let deadline = max(client.connection.deadlines.heavy, .seconds(30 + range.count / Self.slowestCopyBytesPerSecond))
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
    let starts = stride(from: 0, to: sizeBytes, by: Int(Self.copyBlockBytes))
    let ranges = starts.compactMap { ByteRange(first: $0, last: min($0 + Self.copyBlockBytes, sizeBytes) - 1) }
    guard ranges.count <= partLimits.maximumParts else {
      throw .tooLarge(limitBytes: Self.copyBlockBytes * Int64(partLimits.maximumParts))
    }
    guard !ranges.isEmpty else { return [UploadedPart(number: 1, sizeBytes: 0, tag: AzureBlockID.ofNothing)] }
    do {
      return try await withThrowingTaskGroup(of: UploadedPart.self) { group in
        var blocks: [UploadedPart] = []
        for (index, range) in ranges.enumerated() {
          if index >= Self.copyBlocksAtOnce, let block = try await group.next() { blocks.append(block) }
          group.addTask { try await copyBlock(range, of: source, at: other, into: upload, number: index + 1) }
        }
        for try await block in group { blocks.append(block) }
        return blocks.sorted { $0.number < $1.number }
      }
    } catch let error as StorageError {
      throw error
    } catch {
      // Nothing else is thrown in the group.
      throw .cancelled
    }
  }
}
