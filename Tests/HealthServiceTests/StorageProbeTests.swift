import Shared
import Testing

@testable import HealthService

@Suite("The storage probe writes, reads back and cleans up")
struct StorageProbeTests {
  @Test func succeedsOnAWorkingStoreAndLeavesNothing() async throws {
    let path = try #require(StoragePath("registry"))
    let store = MemoryStore(location: try LocationID(parsing: "usstorage"), storagePath: path)
    try await StorageProbe.make(store: store).look()
    #expect(store.keys.isEmpty)
  }
}
