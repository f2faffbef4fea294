import Shared
import TestSupport
import Testing

@Suite("The memory engine")
struct MemoryStoreTests {
  @Test func itsSizeIsBoundedAndAccountedFor() async throws {
    let store = MemoryStore(
      location: try LocationID(parsing: "us"), storagePath: try #require(StoragePath("r")), capacityBytes: 100)
    let keys = (0..<3).map { _ in ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier()) }
    _ = try await store.put(keys[0], bytes: [UInt8](repeating: 0, count: 60), attributes: ObjectAttributes())
    await #expect(throws: StorageError.full) {
      _ = try await store.put(keys[1], bytes: [UInt8](repeating: 0, count: 41), attributes: ObjectAttributes())
    }
    await #expect(throws: StorageError.full) {
      _ = try await store.beginPut(keys[1], sizeBytes: 41, attributes: ObjectAttributes())
    }
    let upload = try await store.beginMultipart(keys[2], attributes: ObjectAttributes())
    _ = try await store.uploadPart(upload, number: 1, slices: [[UInt8](repeating: 0, count: 40)])
    #expect(store.heldBytes == 100)
    await #expect(throws: StorageError.full) { _ = try await store.uploadPart(upload, number: 2, slices: [[1]]) }
    try await store.abortMultipart(upload)
    #expect(store.heldBytes == 60)
    do { _ = try await store.beginPut(keys[1], sizeBytes: 40, attributes: ObjectAttributes()) }
    #expect(store.heldBytes == 60)
    try await store.delete(keys[0])
    #expect(store.heldBytes == 0)
    await store.close()
    await #expect(throws: StorageError.cancelled) { _ = try await store.head(keys[0]) }
  }
}
