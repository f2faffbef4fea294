import Postgres
import Shared
import TestSupport
import Testing

@Suite("Drains of regions are kept in the database", .enabled(if: CatalogFixture.isEnabled))
struct RegionDrainTests {
  @Test func anOrderStandsUntilItIsEnded() async throws {
    try await CatalogFixture.with { fixture in
      let us = try RegionName(parsing: "us")
      #expect(try await fixture.catalog.regionDrains().drains.isEmpty)
      let drain = try await fixture.catalog.drainRegion(
        us, direction: .both, reason: "new\ndisks\u{1B}", by: "admin", for: nil)
      #expect(drain.reason == "new disks" && drain.by == "admin" && drain.untilMs == nil)
      let list = try await fixture.catalog.regionDrains()
      #expect(list.drains == [drain] && drain.sinceMs <= list.nowMs)
      // A second order takes the place of the first.
      let second = try await fixture.catalog.drainRegion(
        us, direction: .write, reason: "only pushes", by: "root", for: .seconds(3600))
      #expect(second.untilMs == second.sinceMs + 3_600_000)
      #expect(try await fixture.catalog.regionDrains().drains == [second])
      #expect(try await fixture.catalog.undrainRegion(us))
      #expect(try await !fixture.catalog.undrainRegion(us))
      #expect(try await fixture.catalog.regionDrains().drains.isEmpty)
    }
  }

  @Test func anOrderEndsByTheDatabasesClock() async throws {
    try await CatalogFixture.with { fixture in
      let us = try RegionName(parsing: "us")
      let drain = try await fixture.catalog.drainRegion(
        us, direction: .both, reason: "short", by: "admin", for: .milliseconds(1))
      let until = try #require(drain.untilMs)
      try await untilTrue { try await fixture.catalog.regionDrains().nowMs > until }
      #expect(try await fixture.catalog.regionDrains().drains.isEmpty)
      #expect(try await !fixture.catalog.undrainRegion(us))
    }
  }

  @Test func eachHealthServiceHasItsOwnSnapshotAndTheRegionItsLastWord() async throws {
    try await CatalogFixture.with { fixture in
      let us = try RegionName(parsing: "us")
      try await fixture.catalog.publishHealth(region: us, instance: "us-1", snapshot: "one")
      try await fixture.catalog.publishHealth(region: us, instance: "us-2", snapshot: "two")
      try await fixture.catalog.publishHealth(region: us, instance: "us-1", snapshot: "three")
      #expect(try await Set(fixture.catalog.healthSnapshots().map(\.snapshot)) == ["two", "three"])
      #expect(try await fixture.catalog.regionHealth().map(\.snapshot) == ["three"])
      // A service of the past is forgotten with the next one's word.
      _ = try await fixture.client.query("UPDATE health_snapshots SET published_at = published_at - 90000000")
      try await fixture.catalog.publishHealth(region: us, instance: "us-2", snapshot: "four")
      #expect(try await fixture.catalog.healthSnapshots().map(\.snapshot) == ["four"])
    }
  }
}
