import Shared

/// A store that passes every call on to another; a conforming type writes only the calls it changes.
protocol PassingStore: BlobStore {
  var base: any BlobStore { get }
}

extension PassingStore {
  var location: LocationID { base.location }
  var storagePath: StoragePath { base.storagePath }
  var partLimits: PartLimits { base.partLimits }
  var protectsBodies: Bool { base.protectsBodies }
  func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
    try await base.open(key, range: range)
  }
  func head(_ key: ObjectKey) async throws(StorageError) -> StoredObject? { try await base.head(key) }
  func put(
    _ key: ObjectKey, slices: [[UInt8]], attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject { try await base.put(key, slices: slices, attributes: attributes) }
  func beginPut(
    _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> any ObjectWriter {
    try await base.beginPut(key, sizeBytes: sizeBytes, attributes: attributes)
  }
  func beginMultipart(_ key: ObjectKey, attributes: ObjectAttributes) async throws(StorageError) -> MultipartUpload {
    try await base.beginMultipart(key, attributes: attributes)
  }
  func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart {
    try await base.uploadPart(upload, number: number, slices: slices, sha256: sha256)
  }
  func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    try await base.copyPart(upload, number: number, from: source, sizeBytes: sizeBytes)
  }
  func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject {
    try await base.completeMultipart(upload, parts: parts, sizeBytes: sizeBytes)
  }
  func abortMultipart(_ upload: MultipartUpload) async throws(StorageError) { try await base.abortMultipart(upload) }
  func copy(
    _ source: ObjectKey, at other: any BlobStore, to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
  ) async throws(StorageError) -> StoredObject? {
    try await base.copy(source, at: other, to: key, sizeBytes: sizeBytes, attributes: attributes)
  }
  func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing {
    try await base.list(after: name, limit: limit)
  }
  func listMultipart(after: MultipartListing.Cursor?, limit: Int) async throws(StorageError) -> MultipartListing {
    try await base.listMultipart(after: after, limit: limit)
  }
  func delete(_ key: ObjectKey) async throws(StorageError) { try await base.delete(key) }
  func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? {
    try base.presignedGet(key, lifetime: lifetime)
  }
  func probe() async throws(StorageError) { try await base.probe() }
  func close() async { await base.close() }
}
