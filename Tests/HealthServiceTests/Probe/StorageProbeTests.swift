import Shared
import TestSupport
import Testing

@testable import HealthService

@Suite("The storage probe writes, reads back and cleans up, reads and writes apart")
struct StorageProbeTests {
  private let location: LocationID
  private let store: MemoryStore

  init() throws {
    location = try LocationID(parsing: "usstorage")
    store = MemoryStore(location: location, storagePath: try #require(StoragePath("registry")))
  }

  @Test func keepsOneCanaryWhileItRunsAndNoneAfterwards() async throws {
    let canary = StorageCanary(store: store, isReadOnly: { _ in false })
    let probes = StorageProbe.make(canary, location: location)
    #expect(probes.map(\.aspect) == [.writes, .reads])
    for _ in 0..<3 {
      #expect(try await probes[0].look() == Sighting(.writes, .pass))
      #expect(try await probes[1].look() == Sighting(.reads, .pass))
      #expect(store.keys.count == 1)
    }
    await canary.remove()
    #expect(store.keys.isEmpty)
  }

  @Test func readsAStoreThatNothingWasWrittenTo() async throws {
    let canary = StorageCanary(store: store, isReadOnly: { _ in false })
    try await canary.read()
    #expect(store.keys.isEmpty)
  }

  @Test func writesNothingWhereNothingMayBeWritten() async throws {
    let canary = StorageCanary(store: store, isReadOnly: { _ in true })
    try await canary.write()
    try await canary.read()
    #expect(store.keys.isEmpty)
  }
}
