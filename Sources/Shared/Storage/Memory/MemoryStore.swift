private import Glibc
package import SharedModel
internal import Synchronization

/// Objects in the memory of this process: for tests and for trying things out.
///
/// The total is bounded; what does not fit fails with `full`. Limits are small by default so that tests with little data
/// walk the multipart paths.
package final class MemoryStore: BlobStore {
  struct Object: Sendable {
    let slices: [[UInt8]]
    let sizeBytes: Int64
    let digest: Digest?
    let modifiedAtMs: Int64
  }

  struct Upload: Sendable {
    let attributes: ObjectAttributes
    let startedAtMs: Int64
    var parts: [Int: (tag: String, object: Object)] = [:]
  }

  struct State {
    var objects: [ObjectKey: Object] = [:]
    var uploads: [MultipartUpload: Upload] = [:]
    /// Bytes of objects, parts and unfinished writes.
    var heldBytes: Int64 = 0
    var isClosed = false
  }

  package let location: LocationID
  package let storagePath: StoragePath
  package let partLimits: PartLimits
  package let protectsBodies = true
  let capacityBytes: Int64
  let service: String?
  let nowMs: @Sendable () -> Int64
  let state = Mutex(State())

  /// An empty store holding at most `capacityBytes`.
  ///
  /// Stores of the same `service` can copy from each other. `nowMs` gives milliseconds since the epoch, by default those of
  /// the system's clock.
  package init(
    location: LocationID, storagePath: StoragePath, capacityBytes: Int64 = 1 << 30,
    partLimits: PartLimits = PartLimits(
      minimumPartBytes: 5 << 20, maximumPartBytes: 5 << 30, maximumParts: 10_000, maximumSinglePutBytes: 5 << 30),
    service: String? = nil, nowMs: (@Sendable () -> Int64)? = nil
  ) {
    self.location = location
    self.storagePath = storagePath
    self.capacityBytes = capacityBytes
    self.partLimits = partLimits
    self.service = service
    self.nowMs = nowMs ?? { Self.systemMs }
  }

  private static var systemMs: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// The bytes held now.
  package var heldBytes: Int64 { state.withLock { $0.heldBytes } }
  /// The keys held now, in bytewise order.
  package var keys: [ObjectKey] { state.withLock { $0.objects.keys.sorted { $0.description < $1.description } } }

  package func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject? {
    try access { state throws(StorageError) in
      state.objects[key].map { StoredObject(key: key, sizeBytes: $0.sizeBytes, digest: $0.digest) }
    }
  }

  package func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    let object = try access { state throws(StorageError) in state.objects[key] }
    guard let object else { throw .objectMissing(key) }
    if let range, range.last >= object.sizeBytes { throw .refused(status: 416, code: "InvalidRange") }
    let reader = MemoryReader(object: object, range: range)
    return ObjectBody(
      objectSizeBytes: object.sizeBytes, contentLengthBytes: range?.count ?? object.sizeBytes
    ) { () async throws(StorageError) in
      try reader.next()
    }
  }

  package func put(
    _ key: ObjectKey, slices: [[UInt8]], attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    let size = slices.totalBytes
    try access { state throws(StorageError) in
      try self.hold(size, &state)
      self.store(self.object(slices, sizeBytes: size, digest: attributes.digest), at: key, &state)
    }
    return StoredObject(key: key, sizeBytes: size, digest: attributes.digest)
  }

  package func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter {
    guard sizeBytes >= 0, sizeBytes <= partLimits.maximumSinglePutBytes else {
      throw .tooLarge(limitBytes: partLimits.maximumSinglePutBytes)
    }
    try access { state throws(StorageError) in try self.hold(sizeBytes, &state) }
    return MemoryWriter(store: self, key: key, sizeBytes: sizeBytes, attributes: attributes)
  }

  package func delete(_ key: ObjectKey) async throws(StorageError) {
    try access { state throws(StorageError) in
      if let object = state.objects.removeValue(forKey: key) { state.heldBytes -= object.sizeBytes }
    }
  }

  package func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? { nil }

  package func probe() async throws(StorageError) { try access { _ throws(StorageError) in } }

  package func close() async { state.withLock { $0.isClosed = true } }
}

// MARK: - Accounting

extension MemoryStore {
  /// Works on the state; throws `cancelled` where the task is cancelled or the store closed.
  func access<Value: Sendable>(
    _ work: (inout State) throws(StorageError) -> Value
  ) throws(StorageError) -> Value {
    guard !Task.isCancelled else { throw .cancelled }
    return try state.withLock { state throws(StorageError) -> Value in
      guard !state.isClosed else { throw .cancelled }
      return try work(&state)
    }
  }

  /// An object modified now.
  func object(_ slices: [[UInt8]], sizeBytes: Int64, digest: Digest?) -> Object {
    Object(slices: slices, sizeBytes: sizeBytes, digest: digest, modifiedAtMs: nowMs())
  }

  /// Counts bytes that are about to be stored; throws `full` where they do not fit.
  func hold(_ bytes: Int64, _ state: inout State) throws(StorageError) {
    guard bytes <= capacityBytes - state.heldBytes else { throw .full }
    state.heldBytes += bytes
  }

  /// Puts an object whose bytes are counted already in place of an older one.
  func store(_ object: Object, at key: ObjectKey, _ state: inout State) {
    if let old = state.objects.updateValue(object, forKey: key) { state.heldBytes -= old.sizeBytes }
  }

  /// Stores what a writer collected, or gives its share back.
  func end(_ object: Object?, reservedBytes: Int64, at key: ObjectKey) throws(StorageError) {
    try state.withLock { state throws(StorageError) in
      guard let object, !state.isClosed else {
        state.heldBytes -= reservedBytes
        if object != nil { throw .cancelled }
        return
      }
      store(object, at: key, &state)
    }
  }
}
