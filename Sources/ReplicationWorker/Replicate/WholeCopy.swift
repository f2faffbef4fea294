import Shared

/// Copies one small blob: a GET, the check of its hash, a PUT, and a HEAD where `PutTrust` wants one.
///
/// Nothing is sent to the target before the bytes hashed to the digest (I2, I3). Memory is the blob's size (I12).
struct WholeCopy: Sendable {
  let context: CopyContext
  let job: ReplicationJob
  let reader: SourceReader

  /// Moves the bytes; returns the key they are stored under.
  func run() async throws(CopyStop) -> ObjectKey {
    let memory: CopyReservation
    do {
      memory = try await context.memory.reserve(job.sizeBytes, for: JobClass(sizeBytes: job.sizeBytes))
    } catch {
      throw .atTarget(error)
    }
    defer { memory.release() }
    let slot = try await slotIfLarge()
    defer { slot?.release() }
    let chunks = try await reader.read(nil).chunks
    var hasher = ContentHasher(algorithm: job.digest.algorithm)
    for chunk in chunks { hasher.update(chunk) }
    let digest = hasher.digest()
    guard digest == job.digest else { throw .mismatch(.digest(expected: job.digest, actual: digest)) }
    do {
      let key = try await store(chunks)
      context.limits.breakers.record(job.target, nil)
      return key
    } catch {
      context.limits.breakers.record(job.target, error)
      slot?.link.failed(error)
      throw .atTarget(error)
    }
  }

  /// Small blobs are bounded by their own slots in the worker; larger ones share the link's with parts.
  private func slotIfLarge() async throws(CopyStop) -> LinkSlot? {
    guard JobClass(sizeBytes: job.sizeBytes) == .large else { return nil }
    guard let source = reader.board.candidates.first?.location else { throw .sources(nil) }
    do {
      return try await context.links.link(from: source, to: job.target).enter()
    } catch {
      throw .cancelled
    }
  }

  private func store(_ chunks: [[UInt8]]) async throws(StorageError) -> ObjectKey {
    let target = context.target
    let key = ObjectKey.blob(storagePath: target.storagePath, identifier: RandomIdentifier())
    let stored = try await target.put(key, slices: chunks, attributes: ObjectAttributes(digest: job.digest))
    guard stored.sizeBytes == job.sizeBytes else {
      throw .sizeMismatch(expectedBytes: job.sizeBytes, actualBytes: stored.sizeBytes)
    }
    let object = PlacedBlob(
      blob: job.blob, digest: job.digest, sizeBytes: job.sizeBytes, placement: Placement(location: job.target, key: key)
    )
    guard context.trust.mustLook(at: object) else { return key }
    // A store that acknowledged and kept nothing is found here, before a row says otherwise.
    guard let seen = try await target.head(key) else {
      context.trust.broken()
      throw .objectMissing(key)
    }
    guard seen.sizeBytes == job.sizeBytes else {
      context.trust.broken()
      throw .sizeMismatch(expectedBytes: job.sizeBytes, actualBytes: seen.sizeBytes)
    }
    context.trust.kept()
    return key
  }
}
