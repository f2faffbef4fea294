import Logging
import Postgres
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Pulls that went to another region", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct UrgentPullTests {
  private func lane(_ registry: RegistryFixture) async throws -> String {
    try await registry.catalog.texts("SELECT lane || '/' || state FROM jobs WHERE target = 'eustorage'").first ?? ""
  }

  @Test(
    "a GET served from the source moves the copy to the urgent lane and rings the doorbell, redirected or not",
    arguments: [true, false])
  func get(proxy: Bool) async throws {
    try await RegistryFixture.with(
      instances: 2, proxy: proxy,
      decorating: { store in
        if proxy { return store }
        return RedirectingStore(base: store)
      }
    ) { (registry) async throws in
      let bytes = PushContent.bytes(5000)
      let path = "/v2/team/app/blobs/\(Digest(of: bytes))"
      _ = try await registry.api.push(bytes, to: "team/app")
      let eu = registry.instances[1]
      // What needs no bytes from anywhere asks for no copy; nor does a pull in the region that has one.
      #expect(try await eu.send("HEAD", path).status == 200)
      #expect(try await eu.send("GET", path, headers: ["If-None-Match": "\"\(Digest(of: bytes))\""]).status == 304)
      #expect(try await registry.api.send("GET", path).status == (proxy ? 200 : 307))
      #expect(try await self.lane(registry) == "1/queued")
      #expect(try await eu.send("GET", path).status == (proxy ? 200 : 307))
      try await untilTrue { try await self.lane(registry) == "0/queued" }
      try await untilTrue {
        try await registry.queue.receive(
          targets: [registry.catalog.eu], consumer: "test", limit: 1, wait: .seconds(5)
        ).contains { $0.lane == .urgent }
      }
    }
  }

  @Test("a blob at home, a parked job and a location nobody requires are left alone")
  func leftAlone() async throws {
    try await CatalogFixture.with { (fixture) async throws in
      let catalog = fixture.catalog
      let parked = try await fixture.push("parked").blob
      let placed = try await fixture.push("placed").blob
      let open = try await fixture.push("open").blob
      let unasked = try await fixture.push("unasked", required: [fixture.us]).blob
      _ = try await fixture.client.query("UPDATE jobs SET state = 'parked' WHERE blob = \(parked.rawValue)")
      _ = try await fixture.client.query(
        "INSERT INTO placements (blob, location, object_key) VALUES (\(placed.rawValue), 'eustorage', 'k')")
      let all = [parked, placed, open, unasked, BlobID(rawValue: 99_999)]
      func wanted(isDefault: Bool) async throws -> [BlobID] {
        try await catalog.blobsWanted(at: fixture.eu, among: all, isDefaultLocation: isDefault)
      }
      #expect(try await wanted(isDefault: true) == [open, unasked])
      #expect(try await wanted(isDefault: false) == [open])
      _ = try await fixture.client.query(
        "INSERT INTO namespace_locations (namespace, location, is_required) VALUES ('team', 'eustorage', 1)")
      #expect(try await wanted(isDefault: false) == [open, unasked])
      _ = try await fixture.client.query("UPDATE namespace_locations SET is_required = 0")
      #expect(try await wanted(isDefault: true) == [open])
      _ = try await fixture.client.query(
        "UPDATE namespace_locations SET is_required = 1")
      _ = try await fixture.client.query("UPDATE locations SET state = 'draining' WHERE id = 'eustorage'")
      #expect(try await wanted(isDefault: true) == [open])
    }
  }

  @Test("a blob is asked for once a minute, and a burst of others is dropped rather than kept")
  func bounded() async throws {
    try await CatalogFixture.with { (fixture) async throws in
      let registry = MetricsRegistry()
      let metrics = RegistryMetrics(registry: registry)
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      var limits = UrgentCopies.Limits()
      limits.waiting = 3
      limits.remembered = 4
      // Not running, so that what waits stays.
      let urgent = UrgentCopies(
        home: fixture.eu, isDefaultLocation: true, catalog: fixture.catalog,
        announcer: JobAnnouncer(queue: MemoryReplicationQueue(), metrics: metrics, logger: logger), metrics: metrics,
        logger: logger, limits: limits)
      func blob(_ number: Int64, at location: LocationID? = nil) throws -> BlobRecord {
        BlobRecord(
          id: BlobID(rawValue: number), digest: fixture.digest("\(number)"), sizeBytes: 1,
          placements: [Placement(location: location ?? fixture.us, key: try fixture.freshKey())])
      }
      let start = ContinuousClock.now
      for number in [1, 1, 2, 3, 3] as [Int64] { urgent.served(try blob(number), from: fixture.us, now: start) }
      urgent.served(try blob(9, at: fixture.eu), from: fixture.us, now: start)
      #expect(urgent.waitingBlobs.map(\.rawValue) == [1, 2, 3])
      urgent.served(try blob(4), from: fixture.us, now: start)
      #expect(urgent.waitingBlobs.count == 3)
      #expect(registry.prometheusText().contains("meridian_api_urgent_copies_dropped_total 1"))
      urgent.served(try blob(1), from: fixture.us, now: start + .seconds(59))
      #expect(urgent.waitingBlobs.count == 3)
    }
  }
}
