internal import HTTPTransport
package import SharedModel

extension S3Store {
  /// The role needs s3:ListBucket: without it S3 answers 403 for a missing key, which is reported as `accessDenied`.
  package func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject? {
    do {
      return try await retry.run { _ throws(StorageError) in
        let response = try await client.send(.head(key))
        guard let size = response.contentLength else { throw .invalidResponse(detail: "HEAD without a length") }
        let digest = response.headers[Self.digestHeader].flatMap { Self.digest($0) }
        return StoredObject(key: key, sizeBytes: size, digest: digest)
      }
    } catch {
      guard case .objectMissing = error else { throw error }
      return nil
    }
  }

  package func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    var call = S3Call(method: "GET", key: key, weight: .streaming)
    if let range { call.unsignedHeaders.append(("range", "bytes=\(range)")) }
    return try await retry.run { [call] _ throws(StorageError) in
      let response = try await client.send(call)
      return try CountedBody.opened(response, range: range)
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
      try await client.send(call, body: .slices(slices)).body.discard()
      return StoredObject(key: key, sizeBytes: size, digest: attributes.digest)
    }
  }

  package func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter {
    guard sizeBytes >= 0, sizeBytes <= partLimits.maximumSinglePutBytes else {
      throw .tooLarge(limitBytes: partLimits.maximumSinglePutBytes)
    }
    let call = putCall(key, attributes)
    let object = StoredObject(key: key, sizeBytes: sizeBytes, digest: attributes.digest)
    return StreamedObjectWriter(
      StreamedPut(
        object: object,
        start: { () async throws(StorageError) in try await client.startUpload(call, sizeBytes: sizeBytes) },
        check: { response async throws(StorageError) in try await client.checkedUpload(response, call) },
        putWhole: { bytes async throws(StorageError) in try await put(key, bytes: bytes, attributes: attributes) },
        head: { () async throws(StorageError) in try await head(key) }))
  }

  package func delete(_ key: ObjectKey) async throws(StorageError) {
    do {
      try await retry.run { _ throws(StorageError) in
        try await client.send(S3Call(method: "DELETE", key: key)).body.discard()
      }
    } catch {
      guard case .objectMissing = error else { throw error }
    }
  }

  private func putCall(_ key: ObjectKey, _ attributes: ObjectAttributes) -> S3Call {
    S3Call(
      method: "PUT", key: key, headers: client.headers(attributes), weight: .streaming,
      bodyHash: Self.bodyHash(attributes.digest))
  }

  private static func digest(_ text: String) -> Digest? {
    do { return try Digest(parsing: text) } catch {
      // Metadata is a hint that anyone with the bucket's keys can write; a malformed one is as good as none.
      return nil
    }
  }
}
