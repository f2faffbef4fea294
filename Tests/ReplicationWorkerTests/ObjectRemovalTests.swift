import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("Objects of a removed location", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct ObjectRemovalTests {
  @Test("every object on record is deleted; one that cannot be stays on record with its reason")
  func deletes() async throws {
    try await CatalogFixture.with { fixture in
      let store = MemoryStore(location: fixture.eu, storagePath: try #require(StoragePath("registry")))
      var keys: [ObjectKey] = []
      for _ in 0..<300 {
        let key = try fixture.freshKey()
        _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes(digest: fixture.digest("x")))
        try await fixture.catalog.recordObjectDeletion(of: key, at: fixture.eu, reason: "test", grace: .zero)
        keys.append(key)
      }
      let removal = ObjectRemoval(
        catalog: fixture.catalog, store: store,
        progress: ProgressLine("deleting", unit: .things("objects"), columns: nil, now: { .now }, write: { _ in }))
      let result = try await removal.run()
      #expect(result.deleted == 300 && result.failed == 0)
      #expect(try await fixture.catalog.deletionCount(at: fixture.eu) == 0)
      #expect(try await store.head(keys[0]) == nil)
    }
  }

  @Test("the list of deleted placements is what was committed, whatever was tried before")
  func log() throws {
    let log = try RemovedPlacementLog()
    let key = try ObjectKey(parsing: "a/b")
    log.append([RemovedPlacement(digest: Digest(of: [1]), key: key)])
    log.clear()
    log.append([])
    try log.print()
  }
}
