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
  private static let copyPartsAtOnce = 4
  /// The slowest a store is believed to copy inside itself.
  private static let slowestCopyBytesPerSecond: Int64 = 10 << 20

  package func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? {
    guard let other = other as? OpenStackStore, client.connection.isSameAccount(as: other.client.connection) else {
      return nil
    }
    let copying = OpenStackCopySource(key: source, container: other.client.connection.container, sizeBytes: sizeBytes)
    do throws(StorageError) {
      guard sizeBytes <= client.connection.largestObjectBytes else {
        return try await copyInParts(copying, to: key, attributes)
      }
      var call = putCall(key, attributes)
      call.weight = .small
      _ = try await copied(copying, into: call)
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
    let seconds = (source.range?.count ?? source.sizeBytes) / Self.slowestCopyBytesPerSecond
    call.weight = .within(max(client.connection.deadlines.heavy, .seconds(30 + seconds)))
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

  private func copyInParts(
    _ source: OpenStackCopySource, to key: ObjectKey, _ attributes: ObjectAttributes
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
    of source: OpenStackCopySource, into upload: MultipartUpload
  ) async throws(StorageError) -> [UploadedPart] {
    let partBytes = client.connection.copyPartBytes
    guard source.sizeBytes <= partBytes * Int64(partLimits.maximumParts) else {
      throw .tooLarge(limitBytes: partBytes * Int64(partLimits.maximumParts))
    }
    let ranges = (0...((source.sizeBytes - 1) / partBytes)).compactMap { index in
      ByteRange(first: index * partBytes, last: min((index + 1) * partBytes, source.sizeBytes) - 1)
    }
    do {
      return try await withThrowingTaskGroup(of: UploadedPart.self) { group in
        var parts: [UploadedPart] = []
        for (index, range) in ranges.enumerated() {
          if index >= Self.copyPartsAtOnce, let part = try await group.next() { parts.append(part) }
          group.addTask {
            let segment = OpenStackNames.segment(upload.id, number: index + 1)
            var piece = source
            piece.range = range
            let checksum = try await copied(piece, into: OpenStackCall("PUT", name: segment.name, of: upload))
            return UploadedPart(number: index + 1, sizeBytes: range.count, tag: segment.tag(checksum))
          }
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
}
