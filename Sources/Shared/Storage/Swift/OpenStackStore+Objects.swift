internal import HTTPTransport
package import SharedModel

extension OpenStackStore {
  package func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject? {
    try await found(key)?.object
  }

  /// What the store says of an object, and which upload made it.
  struct Found: Sendable {
    let object: StoredObject
    let uploadID: RandomIdentifier?
  }

  /// Looks at an object; `isNewest` asks every replica, for decisions that cannot be taken back.
  func found(_ key: ObjectKey, isNewest: Bool = false) async throws(StorageError) -> Found? {
    var call = OpenStackCall("HEAD", key)
    if isNewest { call.headers.append(("x-newest", "true")) }
    do {
      return try await retrying { () throws(StorageError) in
        let response = try await client.send(call)
        guard let size = response.contentLength else { throw .invalidResponse(detail: "HEAD without a length") }
        return Found(
          object: StoredObject(key: key, sizeBytes: size, digest: Self.digest(response.headers)),
          uploadID: response.headers[Self.uploadHeader].flatMap { RandomIdentifier(parsing: $0) })
      }
    } catch {
      guard case .objectMissing = error else { throw error }
      return nil
    }
  }

  package func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    var call = OpenStackCall("GET", key, weight: .streaming)
    if let range { call.headers.append(("range", "bytes=\(range)")) }
    return try await retrying { () throws(StorageError) in
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
    _ = try await store(putCall(key, attributes), slices: slices)
    return StoredObject(key: key, sizeBytes: size, digest: attributes.digest)
  }

  package func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter {
    guard sizeBytes >= 0, sizeBytes <= partLimits.maximumSinglePutBytes else {
      throw .tooLarge(limitBytes: partLimits.maximumSinglePutBytes)
    }
    let object = StoredObject(key: key, sizeBytes: sizeBytes, digest: attributes.digest)
    return OpenStackObjectWriter(store: self, call: putCall(key, attributes), object: object, attributes: attributes)
  }

  /// Of a large object the segments go first: where that is interrupted, the next deletion still finds the rest.
  package func delete(_ key: ObjectKey) async throws(StorageError) {
    guard let found = try await found(key) else { return }
    if let id = found.uploadID { try await deleteAll(prefix: OpenStackNames.segments(id.hex)) }
    try await remove(OpenStackCall("DELETE", key))
  }

  /// Stores bytes held in memory and returns the MD5 the store has of them.
  ///
  /// Where they cross the network in the clear the store compares them with ours, and keeps nothing that differs.
  func store(_ call: OpenStackCall, slices: [[UInt8]]) async throws(StorageError) -> String {
    var call = call
    if !client.isSecure { call.headers.append(("etag", BodyChecksum.hex(of: slices))) }
    return try await retrying { [call] () throws(StorageError) in
      let response = try await client.send(call, body: .slices(slices))
      response.body.discard()
      return try Self.checksum(response.headers)
    }
  }

  /// Sends a DELETE for which a missing object is success; whether there was one.
  @discardableResult
  func remove(_ call: OpenStackCall) async throws(StorageError) -> Bool {
    do {
      try await retrying { () throws(StorageError) in try await client.send(call).body.discard() }
      return true
    } catch {
      switch error {
      case .objectMissing, .uploadMissing: return false
      default: throw error
      }
    }
  }

  func putCall(_ key: ObjectKey, _ attributes: ObjectAttributes) -> OpenStackCall {
    var call = OpenStackCall("PUT", key, weight: .streaming)
    call.headers = Self.headers(attributes.digest)
    return call
  }

  /// What an object is written with; without a type Swift would guess one from the name.
  static func headers(_ digest: Digest?) -> [(name: String, value: String)] {
    [(name: "content-type", value: "application/octet-stream")]
      + (digest.map { [(name: digestHeader, value: $0.description)] } ?? [])
  }

  /// The MD5 of an answer's object, without the quotes that manifests have.
  static func checksum(_ headers: HTTPHeaderFields) throws(StorageError) -> String {
    let text = (headers["etag"] ?? "").filter { $0 != "\"" }
    guard text.utf8.count == 32, text.utf8.allSatisfy(\.isLowercaseHexadecimal) else {
      throw .invalidResponse(detail: "no ETag")
    }
    return text
  }

  static func digest(_ headers: HTTPHeaderFields) -> Digest? {
    do { return try headers[digestHeader].map { try Digest(parsing: $0) } } catch {
      // Metadata is a hint that anyone with the account's password can write; a malformed one is as good as none.
      return nil
    }
  }
}
