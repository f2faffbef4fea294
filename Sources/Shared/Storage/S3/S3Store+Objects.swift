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
      let (length, total) = try Self.extent(response, range: range)
      let body = S3BodyReader(response.body, lengthBytes: length)
      return ObjectBody(objectSizeBytes: total, contentLengthBytes: length) { () async throws(StorageError) in
        try await body.next()
      }
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
    return S3ObjectWriter(store: self, call: call, object: object, attributes: attributes)
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

  /// The length of the body and of the object; throws unless the answer covers exactly what was asked for.
  private static func extent(
    _ response: HTTPTransportResponse, range: ByteRange?
  ) throws(StorageError) -> (length: Int64, total: Int64) {
    guard let length = response.contentLength else { throw .invalidResponse(detail: "GET without a length") }
    guard let range else {
      guard response.status == 200 else { throw .invalidResponse(detail: "\(response.status) for a whole object") }
      return (length, length)
    }
    guard response.status == 206, let text = response.headers["content-range"], let answer = S3ContentRange(text) else {
      throw .invalidResponse(detail: "\(response.status) for a range")
    }
    guard answer.first == range.first, answer.last == range.last else {
      // S3 clips a range that begins inside the object; the port does not, so that a short placement shows.
      throw .refused(status: 416, code: "InvalidRange")
    }
    guard length == range.count else { throw .invalidResponse(detail: "the length contradicts the range") }
    return (length, answer.total)
  }
}

/// The value of a Content-Range header, `bytes first-last/total` (RFC 9110 section 14.4).
struct S3ContentRange: Sendable, Hashable {
  let first: Int64
  let last: Int64
  let total: Int64

  /// Parses a satisfied range of known total; nil for anything else.
  init?(_ text: String) {
    guard text.hasPrefix("bytes "), text.utf8.count <= 80 else { return nil }
    let halves = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, let total = Int64(halves[1]) else { return nil }
    let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Int64(ends[0]), let last = Int64(ends[1]), first >= 0, first <= last,
      last < total
    else { return nil }
    self.first = first
    self.last = last
    self.total = total
  }
}
