import Shared
import Synchronization
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Store calls that clients wait for")
struct ObservedStoreTests {
  /// A writer whose chunks are taken only once it is aborted.
  private final class StuckWriter: ObjectWriter {
    let gate = Gate()

    func write(_ bytes: [UInt8]) async throws(StorageError) {
      await gate.pass()
      throw .cancelled
    }

    func finish() async throws(StorageError) -> StoredObject { throw .cancelled }

    func abort() async { gate.open() }
  }

  private struct StuckStore: PassingStore {
    let base: any BlobStore
    let writer = StuckWriter()

    func beginPut(
      _ key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes
    ) async throws(StorageError) -> any ObjectWriter { writer }
  }

  private final class Clock: Sendable {
    let now = Mutex(ContinuousClock.now)
  }

  private func memory() throws -> MemoryStore {
    MemoryStore(location: try LocationID(parsing: "us"), storagePath: try #require(StoragePath("registry")))
  }

  private func freshKey(_ store: any BlobStore) -> ObjectKey {
    ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
  }

  @Test("a chunk no store takes is given up after a while, and sooner where the store is known to be down")
  func stuckStream() async throws {
    for isDown in [false, true] {
      let clock = Clock()
      let writes = WritesUnderWay(now: { clock.now.withLock { $0 } })
      let health = StoreHealth(locations: [try LocationID(parsing: "us")])
      let store = ObservedStore(base: StuckStore(base: try memory()), health: health, writes: writes)
      if isDown { for _ in 0..<2 { health.recordProof(store.location, .fails(retryAfter: nil)) } }
      let writer = try await store.beginPut(freshKey(store), sizeBytes: 10, attributes: ObjectAttributes())
      try await withThrowingTaskGroup(of: StorageError?.self) { group in
        group.addTask {
          do throws(StorageError) {
            try await writer.write([1])
            return nil
          } catch { return error }
        }
        try await untilTrue { writes.waiting == 1 }
        clock.now.withLock { $0 += store.deadlines.patience }
        await writes.sweep()
        #expect(writes.waiting == (isDown ? 0 : 1))
        clock.now.withLock { $0 += store.deadlines.stall }
        await writes.sweep()
        #expect(try await group.next() == .timedOut(phase: "no progress"))
      }
      await writer.abort()
      #expect(writes.count == 0)
    }
  }

  @Test("what a call came to counts for its kind: writes for writing, deletions and reads for reading")
  func kinds() async throws {
    let base = FaultyBlobStore(try memory())
    let health = StoreHealth(locations: [base.location])
    let store = ObservedStore(base: base, health: health, writes: WritesUnderWay())
    let key = freshKey(store)
    base.fail(.put, with: .full, times: 3)
    for _ in 0..<3 {
      await #expect(throws: StorageError.full) {
        _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes())
      }
      try await store.delete(key)
    }
    #expect(!health.isUsable(store.location, for: .writing))
    #expect(health.isUsable(store.location, for: .reading))
    #expect(health.isProven(store.location, within: .seconds(60)))
    // That an object is missing says that the store works.
    for _ in 0..<5 {
      await #expect(throws: StorageError.objectMissing(key)) { _ = try await store.open(key, range: nil) }
    }
    #expect(health.isUsable(store.location, for: .reading))
    base.fail(.open, with: .unavailable(status: 503, code: "SlowDown", retryAfter: nil), times: 3)
    for _ in 0..<3 { await #expect(throws: StorageError.self) { _ = try await store.open(key, range: nil) } }
    #expect(!health.isUsable(store.location, for: .reading))
  }

  @Test("a call that never ends is given up, and its engine is told")
  func deadline() async throws {
    let isCancelled = Mutex(false)
    await #expect(throws: StorageError.timedOut(phase: "test")) {
      try await StoreDeadline.within(.milliseconds(20), "test") { () async throws(StorageError) in
        do { try await Task.sleep(for: .seconds(3600)) } catch {
          isCancelled.withLock { $0 = true }
          throw .cancelled
        }
      }
    }
    #expect(isCancelled.withLock { $0 })
  }
}
