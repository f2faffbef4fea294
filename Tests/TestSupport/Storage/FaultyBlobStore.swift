package import Shared
private import Synchronization

/// Passes calls on to another store, failing those that a test has planned.
package final class FaultyBlobStore: BlobStore {
  /// The calls that can be made to fail.
  package enum Operation: String, Sendable, CaseIterable {
    case head, open, put, beginPut, beginMultipart, uploadPart, copyPart, completeMultipart, abortMultipart, delete
    case copy, list, listMultipart, probe
  }

  private struct State {
    var planned: [Operation: [StorageError]] = [:]
    var calls: [Operation: Int] = [:]
  }

  private let base: any BlobStore
  private let state = Mutex(State())
  /// Awaited before each call; a test holds calls back here.
  private let before: @Sendable (Operation) async throws(StorageError) -> Void

  /// Decorates `base`.
  package init(
    _ base: any BlobStore,
    before: @escaping @Sendable (Operation) async throws(StorageError) -> Void = { _ async throws(StorageError) in }
  ) {
    self.base = base
    self.before = before
  }

  /// Makes the next `times` calls of `operation` fail without reaching the store.
  package func fail(_ operation: Operation, with error: StorageError, times: Int = 1) {
    state.withLock { $0.planned[operation, default: []] += Array(repeating: error, count: times) }
  }

  /// How often `operation` was called, failures included.
  package func calls(_ operation: Operation) -> Int { state.withLock { $0.calls[operation] ?? 0 } }

  private func enter(_ operation: Operation) async throws(StorageError) {
    let error = state.withLock { state -> StorageError? in
      state.calls[operation, default: 0] += 1
      guard let first = state.planned[operation]?.first else { return nil }
      state.planned[operation]?.removeFirst()
      return first
    }
    try await before(operation)
    if let error { throw error }
  }

  package var location: LocationID { base.location }
  package var storagePath: StoragePath { base.storagePath }
  package var partLimits: PartLimits { base.partLimits }
  package var protectsBodies: Bool { base.protectsBodies }

  package func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject? {
    try await enter(.head)
    return try await base.head(key)
  }

  package func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    try await enter(.open)
    return try await base.open(key, range: range)
  }

  package func put(
    _ key: ObjectKey, slices: [[UInt8]], attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    try await enter(.put)
    return try await base.put(key, slices: slices, attributes: attributes)
  }

  package func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter {
    try await enter(.beginPut)
    return try await base.beginPut(key, sizeBytes: sizeBytes, attributes: attributes)
  }

  package func beginMultipart(
    _ key: ObjectKey, attributes: ObjectAttributes
  ) async throws(StorageError) -> MultipartUpload {
    try await enter(.beginMultipart)
    return try await base.beginMultipart(key, attributes: attributes)
  }

  package func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart {
    try await enter(.uploadPart)
    return try await base.uploadPart(upload, number: number, slices: slices, sha256: sha256)
  }

  package func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    try await enter(.copyPart)
    return try await base.copyPart(upload, number: number, from: source, sizeBytes: sizeBytes)
  }

  package func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject {
    try await enter(.completeMultipart)
    return try await base.completeMultipart(upload, parts: parts, sizeBytes: sizeBytes)
  }

  package func abortMultipart(_ upload: MultipartUpload) async throws(StorageError) {
    try await enter(.abortMultipart)
    try await base.abortMultipart(upload)
  }

  package func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? {
    try await enter(.copy)
    // The engine knows its own kind only.
    let other = (other as? FaultyBlobStore)?.base ?? other
    return try await base.copy(source, at: other, to: key, sizeBytes: sizeBytes, attributes: attributes)
  }

  package func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing {
    try await enter(.list)
    return try await base.list(after: name, limit: limit)
  }

  package func listMultipart(
    after: MultipartListing.Cursor?, limit: Int
  ) async throws(StorageError) -> MultipartListing {
    try await enter(.listMultipart)
    return try await base.listMultipart(after: after, limit: limit)
  }

  package func delete(_ key: ObjectKey) async throws(StorageError) {
    try await enter(.delete)
    try await base.delete(key)
  }

  package func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? {
    try base.presignedGet(key, lifetime: lifetime)
  }

  package func probe() async throws(StorageError) {
    try await enter(.probe)
    try await base.probe()
  }

  package func close() async { await base.close() }
}
