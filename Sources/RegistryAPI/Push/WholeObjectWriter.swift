import Shared

/// Stores a body that is a whole blob of announced length as one object PUT, hashing it on the way (decision D11).
struct WholeObjectWriter {
  /// Up to here a body is held in memory, checked before anything is stored, and its PUT may be tried again.
  static let smallBytes: Int64 = 1 << 20

  /// Where the object may go, best first and at least one: the next is tried while the body is still at hand.
  let stores: [any BlobStore]
  let room: TransferRoom

  /// Writes the body and returns the object, or nil with nothing read where it has to go in parts: where the length is
  /// unknown or too much for a PUT, or where as many bodies are streamed already as may be.
  ///
  /// A streamed PUT holds a connection to the store for as long as its client takes, so slow clients must not have them
  /// all (security rule 19).
  /// Throws `digestMismatch` where the bytes are others, with nothing stored.
  func write(_ reader: RequestBodyReader, digest: Digest) async throws -> FinishedObject? {
    guard let store = stores.first, let size = reader.announcedBytes,
      size <= store.partLimits.maximumSinglePutBytes
    else { return nil }
    if size <= Self.smallBytes { return try await putSmall(reader, digest: digest) }
    guard let streaming = room.streaming.tryReserve(TransferRoom.streamBytes) else { return nil }
    defer { streaming.release() }
    let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
    let stored = try await stream(reader, to: store, sizeBytes: size, key: key, digest: digest)
    return FinishedObject(location: store.location, key: key, sizeBytes: stored.sizeBytes)
  }

  private func putSmall(_ reader: RequestBodyReader, digest: Digest) async throws -> FinishedObject {
    var hasher = ContentHasher(algorithm: digest.algorithm)
    let content = try await reader.gather(in: room) { hasher.update($0) }
    let actual = hasher.digest()
    guard actual == digest else { throw OCIFailure.digestMismatch(expected: digest, actual: actual) }
    let loaded = try await content.load(sending: room.sending, joined: true)
    defer { loaded.release() }
    var lastError = StorageError.unreachable(detail: "no location takes copies")
    for store in stores {
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      do throws(StorageError) {
        let stored = try await store.put(key, bytes: loaded.bytes, attributes: ObjectAttributes(digest: digest))
        return FinishedObject(location: store.location, key: key, sizeBytes: stored.sizeBytes)
      } catch {
        // What a failed try may have left there is an orphan like any other, and swept.
        guard error.isReasonToGoElsewhere else { throw error }
        lastError = error
      }
    }
    throw lastError
  }

  private func stream(
    _ reader: RequestBodyReader, to store: any BlobStore, sizeBytes: Int64, key: ObjectKey, digest: Digest
  ) async throws -> StoredObject {
    var hasher = ContentHasher(algorithm: digest.algorithm)
    let writer = try await store.beginPut(key, sizeBytes: sizeBytes, attributes: ObjectAttributes(digest: digest))
    do {
      // The read loop is ours: the store is given bytes, never the body itself (foundations, must-know 1). The last
      // chunk waits for the digest, so that a wrong one never becomes an object.
      var held: [UInt8]?
      while let chunk = try await reader.next() {
        hasher.update(chunk)
        if let held { try await writer.write(held) }
        held = chunk
      }
      let actual = hasher.digest()
      guard actual == digest else { throw OCIFailure.digestMismatch(expected: digest, actual: actual) }
      if let held { try await writer.write(held) }
      return try await writer.finish()
    } catch {
      await writer.abort()
      throw error
    }
  }
}
