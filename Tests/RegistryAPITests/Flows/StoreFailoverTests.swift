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

  @Test("what the region's health service says of a store counts for pushes, and another region's word does not")
  func healthWord() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let health = registry.api.services.health
      let word = HealthWord(
        region: try RegionName(parsing: "us"), catalog: registry.catalog.catalog, health: health,
        logger: registry.api.services.logger)
      func publish(_ region: String, _ status: ProbeStatus) async throws {
        let name = ProbeTarget.storage(registry.catalog.us).name
        let snapshot = """
          {"region":"\(region)","home":"usstorage","components":[{"component":"\(name)","status":"\(status.rawValue)",\
          "observedAtMs":1,"durationMs":1}]}
          """
        try await registry.catalog.catalog.publishHealth(region: RegionName(parsing: region), snapshot: snapshot)
        try await word.listen()
      }
      try await publish("eu", .fail)
      #expect(health.isUsable(registry.catalog.us, for: .writing))
      try await publish("us", .fail)
      #expect(!health.isUsable(registry.catalog.us, for: .writing))
      #expect(registry.api.services.pushLocation.current == registry.catalog.eu)
      try await publish("us", .pass)
      #expect(registry.api.services.pushLocation.current == registry.catalog.us)
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

  @Test("a push whose store fails while nothing of it is stored goes on elsewhere without the client noticing")
  func movesEmptyUploads() async throws {
    let us = Switch()
    try await RegistryFixture.with(decorating: { us.store($0, [.put, .beginMultipart, .delete]) }) {
      (registry) async throws in
      us.set(.refuses)
      // Docker's way: POST, PATCH with all bytes, PUT without any; small, and large enough for parts.
      for size in [1000, 12 << 20] {
        let bytes = PushContent.bytes(size)
        let session = try await registry.api.begin("team/app")
        #expect(try await registry.api.send("PATCH", session, body: bytes).status == 202)
        #expect(try await registry.api.send("PUT", "\(session)?digest=\(Digest(of: bytes))", body: []).status == 201)
        #expect(try await registry.locations(of: bytes) == [registry.catalog.eu])
      }
      // With the last bytes in the PUT, and with one POST.
      let put = PushContent.bytes(2000, seed: 7)
      let session = try await registry.api.begin("team/app")
      #expect(try await registry.api.send("PUT", "\(session)?digest=\(Digest(of: put))", body: put).status == 201)
      let post = PushContent.bytes(2000, seed: 8)
      #expect(try await registry.api.push(post, to: "team/app").status == 201)
      for bytes in [put, post] { #expect(try await registry.locations(of: bytes) == [registry.catalog.eu]) }
      #expect(try await registry.catalog.number("SELECT count(*) FROM upload_sessions") == 0)
    }
  }

  @Test("a copy that is gone is served from elsewhere, put aside and ordered anew")
  func missingCopy() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(300_000)
      _ = try await registry.api.push(bytes, to: "team/app")
      try await registry.copy(bytes, to: registry.eu)
      guard
        case .found(let blob) = try await registry.catalog.catalog.blob(Digest(of: bytes), in: registry.catalog.name),
        let lost = blob.placements.first(where: { $0.location == registry.catalog.us })
      else { throw WireClient.Failure.malformed }
      try await registry.us.delete(lost.key)
      let answer = try await registry.api.send("GET", "/v2/team/app/blobs/\(blob.digest)")
      #expect(answer.status == 200)
      #expect(answer.body == bytes)
      try await untilTrue { try await registry.locations(of: bytes) == [registry.catalog.eu] }
      #expect(
        try await registry.catalog.number(
          "SELECT count(*) FROM jobs WHERE target = 'usstorage' AND state = 'queued' AND lane = \(Lane.urgent.rank)")
          == 1)
      #expect(registry.api.services.health.isUsable(registry.catalog.us, for: .reading))
    }
  }

  @Test("where so much is gone that the bucket is in doubt, copies are served from elsewhere and left as they are")
  func bucketInDoubt() async throws {
    try await RegistryFixture.with { (registry) async throws in
      var all: [[UInt8]] = []
      for seed in 0..<12 {
        let bytes = PushContent.bytes(2000, seed: UInt64(seed + 100))
        _ = try await registry.api.push(bytes, to: "team/app")
        try await registry.copy(bytes, to: registry.eu)
        all.append(bytes)
      }
      // Another bucket in the place of this one: it answers, and has nothing.
      for bytes in all {
        guard
          case .found(let blob) = try await registry.catalog.catalog.blob(Digest(of: bytes), in: registry.catalog.name)
        else { throw WireClient.Failure.malformed }
        for placement in blob.placements where placement.location == registry.catalog.us {
          try await registry.us.delete(placement.key)
        }
      }
      for bytes in all {
        #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(Digest(of: bytes))").body == bytes)
      }
      @Sendable func quarantined() async throws -> Int64 {
        try await registry.catalog.number("SELECT count(*) FROM placements WHERE state = 'quarantined'")
      }
      try await untilTrue { try await quarantined() == 3 }
      for bytes in all {
        #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(Digest(of: bytes))").body == bytes)
      }
      #expect(try await quarantined() == 3)
    }
  }

  @Test("a small copy with wrong bytes is never sent; a large one is cut short; both are put aside and ordered anew")
  func wrongCopy() async throws {
    try await RegistryFixture.with { (registry) async throws in
      for size in [5000, 900_000] {
        let bytes = PushContent.bytes(size)
        var wrong = bytes
        wrong[size / 2] ^= 1
        _ = try await registry.api.push(bytes, to: "team/app")
        try await registry.copy(bytes, to: registry.eu)
        _ = try await registry.catalog.client.query(
          "DELETE FROM placements WHERE location = 'usstorage' AND blob = (SELECT id FROM blobs WHERE digest = $1)",
          [.text(Digest(of: bytes).description)])
        try await registry.copy(bytes, to: registry.us, contents: wrong)
        for _ in 0..<StoreKnowledge.Limits().rightBodies {
          registry.api.services.health.recordRightBytes(registry.catalog.us)
        }
        let target = "/v2/team/app/blobs/\(Digest(of: bytes))"
        if size < KnownObjects.largestBytes {
          #expect(try await registry.api.send("GET", target).body == bytes)
        } else {
          let client = try await WireClient.connect(port: registry.api.port)
          await #expect(throws: WireClient.Failure.closedEarly) { try await client.exchange("GET", target) }
        }
        try await untilTrue { try await registry.locations(of: bytes) == [registry.catalog.eu] }
        #expect(try await registry.api.send("GET", target).body == bytes)
      }
    }
  }

  /// A store that spoils the first byte of the first few bodies it is asked for.
  private struct SpoilingLine: PassingStore {
    let base: any BlobStore
    let left: Left

    final class Left: Sendable {
      let count = Mutex(0)
    }

    func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
      let body = try await base.open(key, range: range)
      let isSpoilt = left.count.withLock { count in
        count -= 1
        return count >= 0
      }
      guard isSpoilt else { return body }
      let bytes = try await body.collect(limitBytes: 64 << 20)
      let rest = Mutex<[UInt8]?>([bytes[0] ^ 1] + bytes.dropFirst())
      return ObjectBody(objectSizeBytes: body.objectSizeBytes, contentLengthBytes: body.contentLengthBytes) {
        () async throws(StorageError) in rest.withLock { $0.take() }
      }
    }
  }

  @Test("what an upload has stored and comes back as other bytes is read again, never stored as part of the blob (I3)")
  func spoiltTail() async throws {
    let line = SpoilingLine.Left()
    try await RegistryFixture.with(decorating: { SpoilingLine(base: $0, left: line) }) { (registry) async throws in
      // Within one part, and with a tail after the first part.
      for size in [6000, 12 << 20] {
        let bytes = PushContent.bytes(size, seed: 3)
        let session = try await registry.api.begin("team/app")
        let cut = size - 2000
        #expect(try await registry.api.send("PATCH", session, body: Array(bytes[..<cut])).status == 202)
        line.count.withLock { $0 = 2 }
        #expect(try await registry.api.send("PATCH", session, body: Array(bytes[cut..<(cut + 1000)])).status == 202)
        line.count.withLock { $0 = 1 }
        let put = try await registry.api.send(
          "PUT", "\(session)?digest=\(Digest(of: bytes))", body: Array(bytes[(cut + 1000)...]))
        #expect(put.status == 201)
        line.count.withLock { $0 = 0 }
        #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(Digest(of: bytes))").body == bytes)
      }
    }
  }

  @Test("to whoever may push, a blob whose only copies are at dead stores is as good as absent")
  func unreachableIsAbsent() async throws {
    let us = Switch()
    try await RegistryFixture.with(decorating: { us.store($0, Set(FaultyBlobStore.Operation.allCases)) }) {
      (registry) async throws in
      let bytes = PushContent.bytes(5000)
      let target = "/v2/team/app/blobs/\(Digest(of: bytes))"
      _ = try await registry.api.push(bytes, to: "team/app")
      #expect(try await registry.api.send("HEAD", target).status == 200)
      us.set(.refuses)
      try await untilTrue { try await registry.api.send("HEAD", target).status == 404 }
      #expect(try await registry.api.push(bytes, to: "team/app").status == 201)
      #expect(try await registry.api.send("HEAD", target).status == 200)
      #expect(try await registry.api.send("GET", target).body == bytes)
      #expect(try await registry.locations(of: bytes) == [registry.catalog.eu, registry.catalog.us])
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
