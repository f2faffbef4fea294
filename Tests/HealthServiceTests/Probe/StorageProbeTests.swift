import Shared
import Testing

@testable import HealthService

@Suite("The storage probe writes, reads back and cleans up")
struct StorageProbeTests {
  @Test func succeedsOnAWorkingStoreAndLeavesNothing() async throws {
    let path = try #require(StoragePath("registry"))
    let store = MemoryStore(location: try LocationID(parsing: "usstorage"), storagePath: path)
    #expect(try await StorageProbe.make(store: store).look() == .pass)
    #expect(store.keys.isEmpty)
  }
}
