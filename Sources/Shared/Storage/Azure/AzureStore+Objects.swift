internal import HTTPTransport
package import SharedModel

extension AzureStore {
  package func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject? {
    try await properties(key)?.object
  }

  package func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    var call = AzureCall.object("GET", key, weight: .streaming)
    if let range { call.headers.append(("x-ms-range", "bytes=\(range)")) }
    return try await retry.run { [call] _ throws(StorageError) in
      try CountedBody.opened(try await client.send(call), range: range)
    }
  }

  package func put(
    _ key: ObjectKey, slices: [[UInt8]], attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    let size = slices.totalBytes
    guard size <= partLimits.maximumSinglePutBytes else {
      throw .tooLarge(limitBytes: partLimits.maximumSinglePutBytes)
    }
    let call = putCall(key, attributes)
    return try await retry.run { _ throws(StorageError) in
      try await client.sendForHeaders(call, slices: slices)
      return StoredObject(key: key, sizeBytes: size, digest: attributes.digest)
    }
  }

  /// The bytes of several chunks go without a checksum, which would have to precede them: over a plain link nothing but
  /// their number is compared.
  package func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter {
    guard sizeBytes >= 0, sizeBytes <= partLimits.maximumSinglePutBytes else {
      throw .tooLarge(limitBytes: partLimits.maximumSinglePutBytes)
    }
    let call = putCall(key, attributes)
    return StreamedObjectWriter(
      StreamedPut(
        object: StoredObject(key: key, sizeBytes: sizeBytes, digest: attributes.digest),
        start: { () async throws(StorageError) in try await client.startUpload(call, sizeBytes: sizeBytes) },
        check: { response async throws(StorageError) in try await client.checked(response, call) },
        putWhole: { bytes async throws(StorageError) in try await put(key, bytes: bytes, attributes: attributes) },
        head: { () async throws(StorageError) in try await head(key) }))
  }

  package func delete(_ key: ObjectKey) async throws(StorageError) {
    var call = AzureCall.object("DELETE", key)
    // Nobody but an operator makes snapshots; a blob that has some cannot be deleted without them.
    call.headers.append(("x-ms-delete-snapshots", "include"))
    do {
      _ = try await retry.run { [call] _ throws(StorageError) in try await client.sendForHeaders(call) }
    } catch {
      guard case .objectMissing = error else { throw error }
    }
  }

  private func putCall(_ key: ObjectKey, _ attributes: ObjectAttributes) -> AzureCall {
    var call = AzureCall.object("PUT", key, weight: .streaming)
    call.headers = AzureClient.headers(attributes) + [("x-ms-blob-type", "BlockBlob")]
    return call
  }
}

// MARK: - Properties

/// What HEAD says of a blob.
struct AzureProperties: Sendable {
  let object: StoredObject
  /// The version of the blob, for conditions.
  let tag: String?
  /// The upload in whose place an abort has put this blob for a moment.
  let abortedUpload: String?
}

extension AzureStore {
  /// The metadata header of a blob that an abort puts in the place of an upload's blocks.
  static let abortedHeader = "x-ms-meta-meridianaborted"

  func properties(_ key: ObjectKey) async throws(StorageError) -> AzureProperties? {
    do {
      return try await retry.run { _ throws(StorageError) in
        let response = try await client.send(.object("HEAD", key))
        guard let size = response.contentLength else { throw .invalidResponse(detail: "HEAD without a length") }
        let digest = response.headers[Self.digestHeader].flatMap { Self.digest($0) }
        return AzureProperties(
          object: StoredObject(key: key, sizeBytes: size, digest: digest), tag: response.headers["etag"],
          abortedUpload: response.headers[Self.abortedHeader])
      }
    } catch {
      guard case .objectMissing = error else { throw error }
      return nil
    }
  }

  static func digest(_ text: String) -> Digest? {
    do { return try Digest(parsing: text) } catch {
      // Metadata is a hint that anyone who may write can set; a malformed one is as good as none.
      return nil
    }
  }
}
