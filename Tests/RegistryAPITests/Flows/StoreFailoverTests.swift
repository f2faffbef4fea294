import HTTPTypes
import Postgres
import Shared
import Synchronization
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Failover between stores", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct StoreFailoverTests {
  /// A store whose reads hang or fail while a test says so; its writes work.
  private final class Switch: Sendable {
    enum Mode: Sendable { case works, hangs, refuses }

    private let mode = Mutex(Mode.works)

    func set(_ mode: Mode) { self.mode.withLock { $0 = mode } }

    func pass() async throws(StorageError) {
      switch mode.withLock({ $0 }) {
      case .works: return
      case .refuses: throw .unreachable(detail: "planned")
      case .hangs:
        // Ends with the cancellation of whoever waits.
        do { try await Task.sleep(for: .seconds(3600)) } catch { throw .cancelled }
      }
    }

    func store(_ base: MemoryStore, _ operations: Set<FaultyBlobStore.Operation>) -> any BlobStore {
      FaultyBlobStore(base) { [self] operation async throws(StorageError) in
        if operations.contains(operation) { try await pass() }
      }
    }
  }

  @Test("pulls are served from another location while the nearest store is dead or hangs", arguments: [true, false])
  func pulls(_ hangs: Bool) async throws {
    let us = Switch()
    try await RegistryFixture.with(decorating: { us.store($0, [.open, .head, .probe]) }) { (registry) async throws in
      let bytes = PushContent.bytes(300_000)
      _ = try await registry.api.push(bytes, to: "team/app")
      try await registry.copy(bytes, to: registry.eu)
      us.set(hangs ? .hangs : .refuses)
      for _ in 0..<5 {
        let answer = try await registry.api.send("GET", "/v2/team/app/blobs/\(Digest(of: bytes))")
        #expect(answer.status == 200)
        #expect(answer.body == bytes)
      }
      try await untilTrue { !registry.api.services.health.isUsable(registry.catalog.us, for: .reading) }
      us.set(.works)
      try await untilTrue { registry.api.services.health.isUsable(registry.catalog.us, for: .reading) }
    }
  }

  @Test("pushes go to the next location while the first store is dead, and back when it works again")
  func pushes() async throws {
    let us = Switch()
    try await RegistryFixture.with(decorating: { us.store($0, Set(FaultyBlobStore.Operation.allCases)) }) {
      (registry) async throws in
      us.set(.refuses)
      try await untilTrue { registry.api.services.pushLocation.current == registry.catalog.eu }
      let bytes = PushContent.bytes(10_000)
      #expect(try await registry.api.push(bytes, to: "team/app").status == 201)
      #expect(try await registry.locations(of: bytes) == [registry.catalog.eu])
      #expect(try await registry.catalog.number("SELECT count(*) FROM jobs WHERE target = 'usstorage'") == 1)
      us.set(.works)
      try await untilTrue { registry.api.services.pushLocation.current == registry.catalog.us }
    }
  }

  @Test("without write failover pushes stay where they belong")
  func configuredOff() async throws {
    let us = Switch()
    try await RegistryFixture.with(
      writeFailover: false, decorating: { us.store($0, Set(FaultyBlobStore.Operation.allCases)) }
    ) { (registry) async throws in
      us.set(.refuses)
      try await untilTrue { !registry.api.services.health.isUsable(registry.catalog.us, for: .writing) }
      #expect(registry.api.services.pushLocation.current == registry.catalog.us)
      let answer = try await registry.api.push(PushContent.bytes(10), to: "team/app")
      #expect(answer.status == 503)
      #expect(answer["retry-after"] != nil)
    }
  }

  @Test("a client is only redirected to a store that has just answered")
  func redirects() async throws {
    let us = Switch()
    try await RegistryFixture.with(
      proxy: false, decorating: { RedirectingStore(base: us.store($0, [.open, .probe])) }
    ) { (registry) async throws in
      let bytes = PushContent.bytes(5000)
      _ = try await registry.api.push(bytes, to: "team/app")
      try await registry.copy(bytes, to: registry.eu)
      let target = "/v2/team/app/blobs/\(Digest(of: bytes))"
      #expect(try await registry.api.send("GET", target).status == 307)
      us.set(.refuses)
      let health = registry.api.services.health
      try await untilTrue { !health.isProven(registry.catalog.us, within: .seconds(60)) }
      let answer = try await registry.api.send("GET", target)
      #expect(answer.status == 200)
      #expect(answer.body == bytes)
      us.set(.works)
      try await untilTrue { try await registry.api.send("GET", target).status == 307 }
    }
  }
}

extension RegistryFixture {
  /// Places a copy of a pushed blob at another store, as a worker would.
  func copy(_ bytes: [UInt8], to store: MemoryStore, contents: [UInt8]? = nil) async throws {
    let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
    _ = try await store.put(key, bytes: contents ?? bytes, attributes: ObjectAttributes())
    _ = try await catalog.client.query(
      """
      INSERT INTO placements (blob, location, object_key) SELECT id, $1, $2 FROM blobs WHERE digest = $3
      """,
      [.text(store.location.description), .text(key.description), .text(Digest(of: bytes).description)])
  }

  /// Where a blob has a verified copy, by id.
  func locations(of bytes: [UInt8]) async throws -> [LocationID] {
    guard
      case .found(let blob) = try await catalog.catalog.blob(Digest(of: bytes), in: RepositoryName(parsing: "team/app"))
    else { return [] }
    return blob.placements.map(\.location)
  }
}
