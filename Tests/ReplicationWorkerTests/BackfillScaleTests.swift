import Glibc
import Postgres
import Shared
import Synchronization
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite(
  "Backfill at scale", .serialized, .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct BackfillScaleTests {
  private static let blobs: Int64 = 200_000

  /// The resident memory of this process in bytes (proc(5): statm, second field, in pages).
  private var residentBytes: Int64 {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
      separator: " ")
    return (fields.count > 1 ? Int64(fields[1]) ?? 0 : 0) * 4096
  }

  @Test("over 200,000 blobs memory is flat, and so it is when they are drained and removed", .timeLimit(.minutes(10)))
  func flat() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.fill(blobs: Self.blobs, at: [fixture.us])
      let walk = BackfillWalk(
        catalog: fixture.catalog, scope: BackfillScope(), defaultLocations: [fixture.us, fixture.eu], holder: "scale",
        announce: { _ in })
      let samples = Mutex<[Int64]>([])
      let clock = ContinuousClock()
      let began = clock.now
      let totals = try await walk.run(listing: 100, report: { _, _ in samples.withLock { $0.append(residentBytes) } })
      let walked = began.duration(to: clock.now)
      #expect(totals == BackfillWalk.Totals(scanned: Self.blobs, opened: Self.blobs))
      // The first steps warm up buffers; from there on nothing may grow with the rows.
      let seen = samples.withLock { $0 }
      let growth = (seen.last ?? 0) - (seen.dropFirst(5).first ?? 0)
      #expect(growth < 24 << 20, "memory grew by \(growth) bytes over \(seen.count) steps")

      let gap = try await GapCount(
        catalog: fixture.catalog, scope: BackfillScope(), defaultLocations: [fixture.us, fixture.eu]
      ).run()
      #expect(gap.line == "200000 missing, 200000 in flight")

      // As if the copies were done, some thousand at a time: then the first location can go.
      while try await fixture.client.query(
        """
        WITH done AS (
          DELETE FROM jobs WHERE id IN (SELECT id FROM jobs ORDER BY id LIMIT 10000) RETURNING blob, target
        )
        INSERT INTO placements (blob, location, object_key)
        SELECT blob, target, 'copied/' || blob FROM done RETURNING blob
        """
      ).rows.isEmpty == false {}
      _ = try await fixture.catalog.changeLocationState(of: fixture.us, from: [.active], to: .draining)
      let log = try RemovedPlacementLog()
      let before = residentBytes
      let start = clock.now
      let outcome = try await fixture.catalog.removeLocation(
        fixture.us, deletingObjects: false, removed: { log.append($0) })
      let removal = start.duration(to: clock.now)
      guard case .removed(let removed) = outcome else {
        Issue.record("not removed: \(outcome)")
        return
      }
      #expect(removed.placements == Self.blobs)
      #expect(residentBytes - before < 24 << 20)
      print("200,000 blobs: walked and ordered in \(walked), removed in \(removal), \(growth) bytes of growth")
    }
  }
}
