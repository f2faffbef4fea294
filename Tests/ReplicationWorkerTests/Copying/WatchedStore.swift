import Shared
import Synchronization

/// A store under watch: counts what it serves, and lets a test hold up, fail or alter single calls.
final class WatchedStore: BlobStore {
  /// A call as the test sees it before it is made.
  enum Call: Sendable, Hashable {
    case open(ByteRange?)
    case put
    case beginMultipart
    case part(Int)
    case complete
  }

  private struct State {
    var bytesServed: Int64 = 0
    var opened: [ByteRange?] = []
    var uploaded: [Int] = []
    var underWay = 0
    var mostUnderWay = 0
    var partHashes: [Int: Digest?] = [:]
    var aborted = 0
    var before: @Sendable (Call) async throws(StorageError) -> Void = { _ async throws(StorageError) in }
    var alter: @Sendable (ByteRange?, [UInt8]) -> [UInt8] = { _, bytes in bytes }
    var afterPut: @Sendable (ObjectKey) async -> Void = { _ in }
  }

  let base: MemoryStore
  private let state = Mutex(State())
  private let isProtected: Bool

  init(_ base: MemoryStore, protectsBodies: Bool = true) {
    self.base = base
    isProtected = protectsBodies
  }

  /// Awaited before each call from now on.
  func before(_ body: @escaping @Sendable (Call) async throws(StorageError) -> Void) {
    state.withLock { $0.before = body }
  }
  /// Applied to each chunk that is served from now on.
  func alter(_ body: @escaping @Sendable (ByteRange?, [UInt8]) -> [UInt8]) { state.withLock { $0.alter = body } }

  /// Awaited after each put from now on.
  func afterPut(_ body: @escaping @Sendable (ObjectKey) async -> Void) { state.withLock { $0.afterPut = body } }

  var bytesServed: Int64 { state.withLock { $0.bytesServed } }
  var opened: [ByteRange?] { state.withLock { $0.opened } }
  var uploaded: [Int] { state.withLock { $0.uploaded } }
  var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }
  var partHashes: [Int: Digest?] { state.withLock { $0.partHashes } }
  var aborted: Int { state.withLock { $0.aborted } }

  private func enter(_ call: Call) async throws(StorageError) {
    state.withLock {
      $0.underWay += 1
      $0.mostUnderWay = max($0.mostUnderWay, $0.underWay)
    }
    defer { state.withLock { $0.underWay -= 1 } }
    let body = state.withLock { $0.before }
    try await body(call)
  }

  var location: LocationID { base.location }
  var storagePath: StoragePath { base.storagePath }
  var partLimits: PartLimits { base.partLimits }
  var protectsBodies: Bool { isProtected }

  func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject? { try await base.head(key) }

  func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    state.withLock { $0.opened.append(range) }
    try await enter(.open(range))
    let body = try await base.open(key, range: range)
    let alter = state.withLock { $0.alter }
    return ObjectBody(objectSizeBytes: body.objectSizeBytes, contentLengthBytes: body.contentLengthBytes) {
      [self] () async throws(StorageError) in
      var iterator = body.makeAsyncIterator()
      guard let chunk = try await iterator.next() else { return nil }
      state.withLock { $0.bytesServed += Int64(chunk.count) }
      return alter(range, chunk)
    }
  }

  func put(
    _ key: ObjectKey, slices: [[UInt8]], attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    try await enter(.put)
    let stored = try await base.put(key, slices: slices, attributes: attributes)
    let body = state.withLock { $0.afterPut }
    await body(key)
    return stored
  }

  func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter {
    try await base.beginPut(key, sizeBytes: sizeBytes, attributes: attributes)
  }

  func beginMultipart(_ key: ObjectKey, attributes: ObjectAttributes) async throws(StorageError) -> MultipartUpload {
    try await enter(.beginMultipart)
    return try await base.beginMultipart(key, attributes: attributes)
  }

  func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart {
    try await enter(.part(number))
    let part = try await base.uploadPart(upload, number: number, slices: slices, sha256: sha256)
    state.withLock {
      $0.uploaded.append(number)
      $0.partHashes[number] = .some(sha256)
    }
    return part
  }

  func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    try await base.copyPart(upload, number: number, from: source, sizeBytes: sizeBytes)
  }

  func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject {
    try await enter(.complete)
    return try await base.completeMultipart(upload, parts: parts, sizeBytes: sizeBytes)
  }

  func abortMultipart(_ upload: MultipartUpload) async throws(StorageError) {
    state.withLock { $0.aborted += 1 }
    try await base.abortMultipart(upload)
  }

  /// Each location is a service of its own here, as in the field.
  func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? { nil }

  func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing {
    try await base.list(after: name, limit: limit)
  }
  func listMultipart(after: MultipartListing.Cursor?, limit: Int) async throws(StorageError) -> MultipartListing {
    try await base.listMultipart(after: after, limit: limit)
  }
  func delete(_ key: ObjectKey) async throws(StorageError) { try await base.delete(key) }
  func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? { nil }
  func probe() async throws(StorageError) {}
  func close() async {}
}

/// True the first time it is asked.
final class Once: Sendable {
  private let isLeft = Mutex(true)

  func take() -> Bool {
    isLeft.withLock { isLeft in
      defer { isLeft = false }
      return isLeft
    }
  }
}
