import Logging
import Shared

/// Lets the target's store copy a blob by itself from another of its buckets, then reads the copy back to check it.
///
/// The bytes cross no wire of ours on the way in; reading them back is what makes the placement true (I2).
struct StoreSideCopy: Sendable {
  /// What is held while a copy is read back: the transport's window.
  private static let readingBytes: Int64 = 2 << 20

  let context: CopyContext
  let job: ReplicationJob
  let progress: CopyProgress

  /// The key of a checked copy, or nil where the store cannot copy from this source or what it made is not the blob.
  ///
  /// Only cancellation is thrown: whatever else goes wrong, an ordinary copy finds out better.
  func run(from source: Placement, at store: any BlobStore) async throws(CopyStop) -> ObjectKey? {
    guard job.sizeBytes > 0, job.sizeBytes <= context.policy.storeSideUpToBytes else { return nil }
    let target = context.target
    let key = ObjectKey.blob(storagePath: target.storagePath, identifier: RandomIdentifier())
    do {
      let made = try await target.copy(
        source.key, at: store, to: key, sizeBytes: job.sizeBytes, attributes: ObjectAttributes(digest: job.digest))
      guard made != nil else { return nil }
      context.limits.breakers.record(job.target, nil)
    } catch {
      context.limits.breakers.record(job.target, error)
      guard error != .cancelled else { throw .cancelled }
      context.logger.debug(
        "a store could not copy a blob by itself", metadata: ["job": "\(job.id.rawValue)", "error": "\(error)"])
      return nil
    }
    do {
      if try await isIntact(key, source.location) { return key }
    } catch {
      await delete(key)
      guard error != .cancelled else { throw .cancelled }
      return nil
    }
    await delete(key)
    return nil
  }

  private func isIntact(_ key: ObjectKey, _ source: LocationID) async throws(StorageError) -> Bool {
    let memory = try await context.memory.reserve(
      Self.readingBytes, for: JobClass(sizeBytes: job.sizeBytes))
    defer { memory.release() }
    let body = try await context.target.open(key, range: nil)
    guard body.objectSizeBytes == job.sizeBytes else { return false }
    var hasher = ContentHasher(algorithm: job.digest.algorithm)
    var iterator = body.makeAsyncIterator()
    while let chunk = try await iterator.next() {
      progress.read(Int64(chunk.count), from: source)
      hasher.update(chunk)
    }
    return hasher.count == job.sizeBytes && hasher.digest() == job.digest
  }

  /// Deletes in a task of its own, for the copy's task may be the cancelled one.
  private func delete(_ key: ObjectKey) async {
    let target = context.target
    await Task {
      // An object that stays behind has no row and is swept as an orphan.
      try? await target.delete(key)
    }.value
  }
}
