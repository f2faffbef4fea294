import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Whether a client may be sent to a store")
struct RedirectGateTests {
  /// One store with one object, its prover and its gate.
  private struct Setting {
    let store: FaultyBlobStore
    let health: StoreHealth
    let prover: StoreProver
    let gate: RedirectGate
    let samples = KnownObjects()
    let placement: Placement
    let blob: BlobRecord
    let doubts = Doubts()
    let clock: Clock

    final class Doubts: Sendable {
      let noted = Mutex<[DoubtfulCopies.Doubt]>([])
    }

    final class Clock: Sendable {
      let now = Mutex(ContinuousClock.now)
      func advance(_ step: Duration) { now.withLock { $0 += step } }
    }

    init(
      bytes: [UInt8] = Array("content".utf8),
      before: @escaping @Sendable (FaultyBlobStore.Operation) async throws(StorageError) -> Void = {
        _ async throws(StorageError) in
      }
    ) async throws {
      let path = try #require(StoragePath("registry"))
      let base = MemoryStore(location: try LocationID(parsing: "us"), storagePath: path)
      let key = ObjectKey.blob(storagePath: path, identifier: RandomIdentifier())
      _ = try await base.put(key, bytes: bytes, attributes: ObjectAttributes())
      let clock = Clock()
      store = FaultyBlobStore(base, before: before)
      placement = Placement(location: base.location, key: key)
      blob = BlobRecord(
        id: BlobID(rawValue: 1), digest: Digest(of: bytes), sizeBytes: Int64(bytes.count), placements: [placement])
      health = StoreHealth(locations: [base.location], now: { clock.now.withLock { $0 } })
      self.clock = clock
      let observed = ObservedStore(base: store, health: health, writes: WritesUnderWay())
      let stores: [LocationID: any BlobStore] = [base.location: observed]
      let metrics = RegistryMetrics(registry: MetricsRegistry())
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      prover = StoreProver(
        stores: stores, preference: [base.location], samples: samples, health: health,
        metrics: metrics, logger: logger)
      let doubts = doubts
      let watch = CopyWatch(
        health: health, samples: samples, doubt: { _, _, doubt in doubts.noted.withLock { $0.append(doubt) } },
        metrics: metrics, logger: logger)
      gate = RedirectGate(stores: stores, health: health, prover: prover, watch: watch)
    }

    func allows() async -> Bool { await gate.allows(placement, of: blob) }

    func prove() async { _ = await prover.prove(store) }
  }

  @Test("nobody is sent to a store that has not answered yet; once it has, the object is asked for once")
  func seen() async throws {
    let setting = try await Setting()
    #expect(await !setting.allows())
    #expect(setting.store.calls(.head) == 0)
    await setting.prove()
    for _ in 0..<5 { #expect(await setting.allows()) }
    #expect(setting.store.calls(.head) == 1)
  }

  @Test("an answer that is a little old is renewed by one proof for all who wait; an older one is not waited for")
  func sharedProof() async throws {
    let hold = Gate()
    let isHeld = Mutex(false)
    let setting = try await Setting(before: { operation async throws(StorageError) in
      if operation == .probe, isHeld.withLock({ $0 }) { await hold.pass() }
    })
    await setting.prove()
    #expect(await setting.allows())
    setting.clock.advance(.milliseconds(300))
    isHeld.withLock { $0 = true }
    let before = setting.store.calls(.probe)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<50 { group.addTask { await setting.allows() } }
      try await untilTrue { setting.store.calls(.probe) > before }
      hold.open()
      for try await allowed in group { #expect(allowed) }
    }
    #expect(setting.store.calls(.probe) - before <= 2)
    let after = setting.store.calls(.probe)
    setting.clock.advance(.seconds(4))
    #expect(await !setting.allows())
    #expect(setting.store.calls(.probe) == after)
  }

  @Test("a store that does not answer the proof gets nobody, and after one failure none is asked for again")
  func failing() async throws {
    let setting = try await Setting()
    await setting.prove()
    #expect(await setting.allows())
    setting.clock.advance(.milliseconds(300))
    setting.store.fail(.probe, with: .unreachable(detail: "planned"), times: 2)
    #expect(await !setting.allows())
    let calls = setting.store.calls(.probe)
    #expect(await !setting.allows())
    #expect(setting.store.calls(.probe) == calls)
    await setting.prove()
    await setting.prove()
    #expect(await setting.allows())
  }

  @Test("nobody is sent to an object that is not there")
  func missing() async throws {
    let setting = try await Setting()
    try await setting.store.delete(setting.placement.key)
    await setting.prove()
    #expect(await !setting.allows())
    #expect(setting.doubts.noted.withLock { $0 } == [.missing])
    // The store itself has answered.
    #expect(setting.health.isUsable(setting.placement.location, for: .reading))
  }

  @Test("a proof that reads wrong bytes stops redirects until enough of them have read right ones")
  func wrongBytes() async throws {
    let setting = try await Setting()
    await setting.prove()
    #expect(await setting.allows())
    setting.samples.remember(setting.placement, digest: Digest(of: Array("other".utf8)), sizeBytes: 7)
    await setting.prove()
    #expect(await !setting.allows())
    #expect(!setting.health.isUsable(setting.placement.location, for: .reading))
    setting.samples.forget(Digest(of: Array("other".utf8)), at: setting.placement.location)
    setting.samples.remember(setting.placement, digest: setting.blob.digest, sizeBytes: setting.blob.sizeBytes)
    for _ in 1..<StoreKnowledge.Limits().rightBodies { await setting.prove() }
    #expect(await !setting.allows())
    await setting.prove()
    #expect(await setting.allows())
  }
}
