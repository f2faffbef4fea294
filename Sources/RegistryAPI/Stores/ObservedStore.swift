import Shared

/// A store whose calls have a client waiting for them: each has a deadline to match, and what it came to is known to
/// whoever chooses among stores.
///
/// The engine's word stays the word: no call is made twice here.
struct ObservedStore: BlobStore {
  /// How long a client's request waits for a store.
  struct Deadlines: Sendable {
    /// HEAD, DELETE and the like.
    var small: Duration = .seconds(5)
    /// The head of an answer and its first bytes, where there is nowhere else to turn.
    var open: Duration = .seconds(20)
    /// A write of no size; the time for its bytes is added.
    var write: Duration = .seconds(5)
    /// From here on nobody waits for a store that fails its proofs.
    var patience: Duration = .seconds(3)
    /// The slowest a store may take bytes in, per second.
    var slowestBytesPerSecond: Int64 = 1 << 20
    /// Joining parts or copying one inside the store.
    var heavy: Duration = .seconds(60)
    /// How long one chunk of a streamed object may wait to be taken.
    var stall: Duration = .seconds(8)

    /// The time for a write of so many bytes.
    func write(_ sizeBytes: Int64) -> Duration {
      write + .seconds(Double(max(sizeBytes, 0)) / Double(max(slowestBytesPerSecond, 1)))
    }
  }

  let base: any BlobStore
  let health: StoreHealth
  let writes: WritesUnderWay
  var deadlines = Deadlines()

  var location: LocationID { base.location }
  var storagePath: StoragePath { base.storagePath }
  var partLimits: PartLimits { base.partLimits }
  var protectsBodies: Bool { base.protectsBodies }

  func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? {
    try base.presignedGet(key, lifetime: lifetime)
  }

  func close() async { await base.close() }

  /// Makes a call under a deadline and reports on it.
  func call<Value: Sendable>(
    _ use: StoreKnowledge.Use, _ phase: String, within limit: Duration,
    _ operation: @escaping @Sendable () async throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    do throws(StorageError) {
      let value = try await StoreDeadline.within(
        limit, phase, patience: deadlines.patience, isHopeless: { [health, location] in health.isDown(location) },
        operation)
      health.record(location, use, .works)
      return value
    } catch {
      health.record(location, use, StoreKnowledge.Outcome(error))
      throw error
    }
  }
}

// MARK: - Reading

extension ObservedStore {
  func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject? {
    try await call(.reading, "head", within: deadlines.small) { [base] () async throws(StorageError) in
      try await base.head(key)
    }
  }

  func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    let body = try await call(.reading, "open", within: deadlines.open) { [base] () async throws(StorageError) in
      try await base.open(key, range: range)
    }
    return ObjectBody(objectSizeBytes: body.objectSizeBytes, contentLengthBytes: body.contentLengthBytes) {
      [health, location] () async throws(StorageError) in
      do throws(StorageError) {
        return try await body.makeAsyncIterator().following()
      } catch {
        health.record(location, .reading, StoreKnowledge.Outcome(error))
        throw error
      }
    }
  }

  func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing {
    try await base.list(after: name, limit: limit)
  }

  func listMultipart(after: MultipartListing.Cursor?, limit: Int) async throws(StorageError) -> MultipartListing {
    try await base.listMultipart(after: after, limit: limit)
  }

  /// A proof: its deadline is the prover's, and the prover reports on it.
  func probe() async throws(StorageError) { try await base.probe() }
}

// MARK: - Writing

extension ObservedStore {
  func put(
    _ key: ObjectKey, slices: [[UInt8]], attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    let size = slices.reduce(Int64(0)) { $0 + Int64($1.count) }
    return try await call(.writing, "put", within: deadlines.write(size)) { [base] () async throws(StorageError) in
      try await base.put(key, slices: slices, attributes: attributes)
    }
  }

  func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter {
    let writer = try await call(.writing, "begin", within: deadlines.write) { [base] () async throws(StorageError) in
      try await base.beginPut(key, sizeBytes: sizeBytes, attributes: attributes)
    }
    return ObservedWriter(base: writer, store: self)
  }

  func beginMultipart(_ key: ObjectKey, attributes: ObjectAttributes) async throws(StorageError) -> MultipartUpload {
    try await call(.writing, "begin", within: deadlines.write) { [base] () async throws(StorageError) in
      try await base.beginMultipart(key, attributes: attributes)
    }
  }

  func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart {
    let size = slices.reduce(Int64(0)) { $0 + Int64($1.count) }
    return try await call(.writing, "part", within: deadlines.write(size)) { [base] () async throws(StorageError) in
      try await base.uploadPart(upload, number: number, slices: slices, sha256: sha256)
    }
  }

  func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    try await call(.writing, "copy", within: deadlines.heavy) { [base] () async throws(StorageError) in
      try await base.copyPart(upload, number: number, from: source, sizeBytes: sizeBytes)
    }
  }

  func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject {
    try await call(.writing, "complete", within: deadlines.heavy) { [base] () async throws(StorageError) in
      try await base.completeMultipart(upload, parts: parts, sizeBytes: sizeBytes)
    }
  }

  func abortMultipart(_ upload: MultipartUpload) async throws(StorageError) {
    try await call(.reading, "abort", within: deadlines.small) { [base] () async throws(StorageError) in
      try await base.abortMultipart(upload)
    }
  }

  func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? {
    // An engine recognises its own kind only.
    let other = (other as? ObservedStore)?.base ?? other
    return try await call(.writing, "copy", within: deadlines.heavy) { [base] () async throws(StorageError) in
      try await base.copy(source, at: other, to: key, sizeBytes: sizeBytes, attributes: attributes)
    }
  }

  func delete(_ key: ObjectKey) async throws(StorageError) {
    // That a store gives room back says nothing about its taking more: a full one does so too.
    try await call(.reading, "delete", within: deadlines.small) { [base] () async throws(StorageError) in
      try await base.delete(key)
    }
  }
}

extension ObjectBody.AsyncIterator {
  /// The next chunk; every iterator of a body goes on where the last one stopped.
  fileprivate func following() async throws(StorageError) -> [UInt8]? {
    var iterator = self
    return try await iterator.next()
  }
}
