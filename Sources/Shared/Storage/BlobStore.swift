package import SharedModel

/// The object store of one location, as the product needs it: whole objects, ranges, multipart uploads and deletion by key.
///
/// Every engine passes the same contract suite (`Tests/TestSupport/Contracts`). Keys are never reused for other bytes
/// (decision D2), so no method offers conditional or overwriting semantics. Each call has its own deadline inside the
/// engine, retries what is safe to retry with a capped, jittered budget, and ends promptly with `cancelled` when the
/// calling task is cancelled.
package protocol BlobStore: Sendable {
  /// The location this store belongs to.
  var location: LocationID { get }

  /// The folder inside the bucket that fresh keys are minted under.
  var storagePath: StoragePath { get }

  /// What the store allows of multipart uploads.
  var partLimits: PartLimits { get }

  /// Whether bytes are protected on their way: by TLS, or because they cross no network; hashes of parts are superfluous
  /// then.
  var protectsBodies: Bool { get }

  /// The size and attributes of the object at `key`, or nil where there is none.
  func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject?

  /// Opens the object at `key`, or a part of it, for streaming; throws `objectMissing` where there is none.
  ///
  /// The body ends exactly after the promised bytes or throws `truncated`; it never ends early in silence.
  func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody

  /// Stores an object held in memory, `slices` one after another; returns once the store has confirmed it.
  ///
  /// A SHA-256 among the attributes must be that of the bytes: an engine that does not protect bodies has the store compare
  /// it, and throws `bodyAltered` where other bytes arrived. The same holds of `beginPut`.
  func put(
    _ key: ObjectKey, slices: [[UInt8]], attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject

  /// Begins one streamed object PUT of exactly `sizeBytes`; nothing is visible until `finish()` has returned.
  ///
  /// `sizeBytes` must be at most `partLimits.maximumSinglePutBytes`.
  func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter

  /// Begins a multipart upload for `key`; nothing is visible under `key` until it is completed.
  ///
  /// It is made again only where the store has certainly not begun one. A failure after that may leave an upload without
  /// parts behind, which `listMultipart` finds for the sweep of stale uploads.
  func beginMultipart(_ key: ObjectKey, attributes: ObjectAttributes) async throws(StorageError) -> MultipartUpload

  /// Uploads part `number` (from 1), replacing an earlier part of that number; `slices` are sent one after another.
  ///
  /// `sha256` is the hash of exactly these bytes, where it is known: an engine that does not protect bodies has the store
  /// compare it, and throws `bodyAltered` where other bytes arrived.
  func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart

  /// Makes part `number` from the whole object at `source` in the same store, without moving its bytes through here.
  func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart

  /// Completes the upload from its parts in ascending order and confirms that the object has `sizeBytes`.
  ///
  /// A lost reply is resolved by looking at the object; a completion the store reports inside a 200 answer as failed
  /// throws like any other failure.
  func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject

  /// Gives the upload and its parts up; an unknown upload is success.
  func abortMultipart(_ upload: MultipartUpload) async throws(StorageError)

  /// Has the service that holds `source` at `other` make the object at `key` from it, moving no byte through here.
  ///
  /// Nil where that cannot be: another service or other credentials, or a service that refuses; then the bytes have to be
  /// read and written. Throws `objectMissing(source)`, and `sizeMismatch` where the copy is of another size than
  /// `sizeBytes`. `key` must be fresh; after a failure there may be an object at it, as after any failed write. The bytes
  /// are the service's word alone: whoever needs their digest verified reads them.
  func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject?

  /// The objects under `storagePath` whose names follow `name` bytewise, ascending: at most `limit`, or 1,000.
  ///
  /// Not a snapshot: an object written or deleted between two pages may be listed or not; every object that is there all
  /// the time is listed exactly once.
  func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing

  /// The multipart uploads open under `storagePath` that follow the cursor in the store's own order: at most `limit`, or
  /// 1,000.
  func listMultipart(after: MultipartListing.Cursor?, limit: Int) async throws(StorageError) -> MultipartListing

  /// Deletes the object; a missing object is success.
  func delete(_ key: ObjectKey) async throws(StorageError)

  /// A URL that lets its bearer GET exactly this object until `lifetime` has passed, or nil where the engine has none.
  ///
  /// The URL is a secret: never log it. No network access is made.
  func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String?

  /// Confirms that the bucket (or folder) exists and that the credentials may use it; for start-up and probes.
  func probe() async throws(StorageError)

  /// Closes connections; calls in flight end with `cancelled`.
  func close() async
}

extension BlobStore {
  /// Stores a small object held in one piece.
  package func put(
    _ key: ObjectKey, bytes: [UInt8], attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject {
    try await put(key, slices: [bytes], attributes: attributes)
  }

  /// Uploads a part whose hash is not known.
  package func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]]
  ) async throws(StorageError) -> UploadedPart {
    try await uploadPart(upload, number: number, slices: slices, sha256: nil)
  }
}

/// Receives the bytes of one streamed object PUT.
package protocol ObjectWriter: Sendable {
  /// Sends more bytes; suspends while the store is slower than the caller, so memory stays bounded.
  ///
  /// Throws at once where the store has failed or answered early; the writer is then only good for `abort()`.
  func write(_ bytes: [UInt8]) async throws(StorageError)

  /// Confirms that all promised bytes were stored under the key; throws where the count differs or the store refuses.
  func finish() async throws(StorageError) -> StoredObject

  /// Gives up; nothing becomes visible. Safe after any failure and after `finish()`, where it does nothing.
  func abort() async
}
