import Postgres
import Shared
import Synchronization
import TestSupport
import Testing

@Suite("Drain and removal of a location", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct LocationRemovalTests {
  private func drain(_ fixture: CatalogFixture, _ location: LocationID) async throws {
    _ = try await fixture.catalog.changeLocationState(of: location, from: [.active, .joining], to: .draining)
  }

  private func place(_ fixture: CatalogFixture, _ blob: BlobID, at location: LocationID) async throws {
    _ = try await fixture.client.query(
      "INSERT INTO placements (blob, location, object_key) VALUES ($1, $2, $3)",
      [.int(blob.rawValue), .text(location.description), .text(try fixture.freshKey().description)])
  }

  private func lastCopies(
    _ fixture: CatalogFixture, at location: LocationID, isOpening: Bool = false, fallback: LocationID? = nil
  ) async throws -> LastCopyStep {
    try await fixture.catalog.lastCopies(
      at: location, after: BlobID(rawValue: 0), defaultLocations: [fixture.us, fixture.eu], fallback: fallback,
      isOpening: isOpening, listing: 10)
  }

  @Test("what is only at a draining location is listed and ordered elsewhere; garbage is counted apart")
  func drains() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("only", required: [])
      let safe = try await fixture.push("safe", required: [])
      try await place(fixture, safe.blob, at: fixture.eu)
      try await fixture.push("garbage", required: [])
      _ = try await fixture.catalog.unlinkBlob(fixture.digest("garbage"), in: fixture.name)
      try await drain(fixture, fixture.us)
      let before = try await lastCopies(fixture, at: fixture.us)
      #expect(before.tally == LastCopyTally(blobs: 1, bytes: 4, inFlight: 0, garbage: 1))
      #expect(before.listed.map(\.digest) == [fixture.digest("only")])
      let ordered = try await lastCopies(fixture, at: fixture.us, isOpening: true)
      #expect(ordered.tally == LastCopyTally(blobs: 1, bytes: 4, inFlight: 1, garbage: 1))
      #expect(ordered.announcements.map(\.target) == [fixture.eu])
      #expect(try await fixture.texts("SELECT target || lane FROM jobs") == ["eustorage1"])
    }
  }

  @Test(
    "a blob no namespace requires anywhere else goes to the fallback; a copy at another draining location is no help")
  func fallback() async throws {
    try await CatalogFixture.with { fixture in
      let pushed = try await fixture.push("only", required: [])
      try await place(fixture, pushed.blob, at: fixture.ap)
      try await drain(fixture, fixture.us)
      #expect(try await lastCopies(fixture, at: fixture.us).tally.blobs == 0)
      try await drain(fixture, fixture.ap)
      #expect(try await lastCopies(fixture, at: fixture.us).tally.blobs == 1)
      let step = try await fixture.catalog.lastCopies(
        at: fixture.us, after: BlobID(rawValue: 0), defaultLocations: [fixture.us], fallback: fixture.eu,
        isOpening: true)
      #expect(step.announcements.map(\.target) == [fixture.eu])
    }
  }

  @Test("draining ends the jobs to the location and records what their copies left in the store")
  func endsJobs() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("a", required: [fixture.eu, fixture.ap])
      _ = try await fixture.client.query(
        """
        INSERT INTO copy_checkpoints (job, location, object_key, multipart_id, part_bytes, hash_state)
        SELECT id, target, 'half/copied', 'upload-1', 5242880, '\\x00' FROM jobs WHERE target = 'eustorage'
        """)
      let step = try await fixture.catalog.endJobs(at: fixture.eu, after: JobID(rawValue: 0))
      #expect(step.ended == 1)
      #expect(try await fixture.catalog.endJobs(at: fixture.eu, after: JobID(rawValue: 0)).next == nil)
      #expect(try await fixture.texts("SELECT target FROM jobs") == ["apstorage"])
      #expect(
        try await fixture.texts("SELECT object_key || ' ' || multipart_id FROM object_deletions ORDER BY 1")
          == ["half/copied ", "half/copied upload-1"])
    }
  }

  @Test("a removal takes everything of the location or nothing, and its name is reserved", arguments: [true, false])
  func removes(deletingObjects: Bool) async throws {
    try await CatalogFixture.with { fixture in
      let key = try fixture.freshKey()
      let pushed = try await fixture.push("layer", key: key, location: fixture.eu, required: [fixture.ap])
      try await place(fixture, pushed.blob, at: fixture.us)
      try await fixture.push("garbage", location: fixture.eu, required: [])
      _ = try await fixture.catalog.unlinkBlob(fixture.digest("garbage"), in: fixture.name)
      try await fixture.catalog.setNamespaceLocation(namespace: "nobody", location: fixture.eu, required: true)
      let deleted = Mutex<[RemovedPlacement]>([])
      #expect(
        try await fixture.catalog.removeLocation(fixture.eu, deletingObjects: deletingObjects) == .wrongState(.active))
      try await drain(fixture, fixture.eu)
      let outcome = try await fixture.catalog.removeLocation(
        fixture.eu, deletingObjects: deletingObjects, removed: { batch in deleted.withLock { $0 += batch } })
      guard case .removed(let removal) = outcome else {
        Issue.record("not removed: \(outcome)")
        return
      }
      #expect(removal.placements == 2)
      #expect(deleted.withLock { Set($0.map(\.digest)) } == [fixture.digest("layer"), fixture.digest("garbage")])
      #expect(deleted.withLock { $0.first?.key } == key)
      #expect(try await fixture.number("SELECT count(*) FROM placements WHERE location = 'eustorage'") == 0)
      #expect(try await fixture.number("SELECT count(*) FROM namespace_locations") == 0)
      #expect(try await fixture.catalog.deletionCount(at: fixture.eu) == (deletingObjects ? 2 : 0))
      #expect(
        try await fixture.catalog.removeLocation(fixture.eu, deletingObjects: false) == .wrongState(.removed))
      try await fixture.catalog.registerLocations([(fixture.eu, engineName: "Other")])
      #expect(
        try await fixture.texts("SELECT state || engine FROM locations WHERE id = 'eustorage'") == ["removedS3Storage"])
      // The counts follow.
      #expect(try await fixture.catalog.locationCounts()[fixture.eu]?.blobs == 0)
    }
  }

  @Test("a last copy rolls everything back, whatever was deleted before it was found (I13)")
  func refuses() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.fill(blobs: 5000, at: [fixture.us, fixture.eu])
      try await fixture.push("last", location: fixture.eu, required: [])
      try await drain(fixture, fixture.eu)
      let deleted = Mutex(0)
      let outcome = try await fixture.catalog.removeLocation(
        fixture.eu, deletingObjects: true, removed: { batch in deleted.withLock { $0 += batch.count } })
      #expect(outcome == .lastCopies)
      #expect(deleted.withLock { $0 } > 4000)
      #expect(try await fixture.number("SELECT count(*) FROM placements WHERE location = 'eustorage'") == 5001)
      #expect(try await fixture.catalog.deletionCount(at: fixture.eu) == 0)
      #expect(try await fixture.texts("SELECT state FROM locations WHERE id = 'eustorage'") == ["draining"])
      try await fixture.catalog.setNamespaceLocation(namespace: "team", location: fixture.eu, required: false)
      let unknown = try LocationID(parsing: "never")
      #expect(try await fixture.catalog.removeLocation(unknown, deletingObjects: false) == .unknown)
    }
  }

  @Test("a namespace with repositories that asks for the location is in the way")
  func required() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.catalog.setNamespaceLocation(namespace: "team", location: fixture.eu, required: true)
      try await drain(fixture, fixture.eu)
      #expect(
        try await fixture.catalog.removeLocation(fixture.eu, deletingObjects: false) == .required(by: ["team"]))
    }
  }

  @Test("of two removals at once that hold each other's last copies one is refused (I13)", .timeLimit(.minutes(2)))
  func twoAtOnce() async throws {
    for _ in 0..<3 {
      try await CatalogFixture.with(poolSize: 6) { fixture in
        try await fixture.fill(blobs: 300, at: [fixture.us, fixture.eu])
        // Read-only ones may be removed too and count as copies: so only the locks can tell.
        _ = try await fixture.client.query("UPDATE locations SET state = 'read-only' WHERE id <> 'apstorage'")
        async let first = fixture.catalog.removeLocation(fixture.us, deletingObjects: false)
        async let second = fixture.catalog.removeLocation(fixture.eu, deletingObjects: false)
        let outcomes = [try await first, try await second]
        #expect(outcomes.filter { $0 == .lastCopies }.count == 1)
        #expect(try await fixture.number("SELECT count(*) FROM placements") == 300)
      }
    }
  }

  @Test(
    "quarantine of the other copies during a removal never leaves a blob without a good one unnoticed (I13)",
    .timeLimit(.minutes(2)))
  func quarantineMeanwhile() async throws {
    try await CatalogFixture.with(poolSize: 6) { fixture in
      var keys: [(BlobID, ObjectKey)] = []
      for number in 0..<40 {
        let key = try fixture.freshKey()
        let pushed = try await fixture.push("blob \(number)", key: key, required: [])
        try await place(fixture, pushed.blob, at: fixture.eu)
        keys.append((pushed.blob, key))
      }
      try await drain(fixture, fixture.eu)
      let (catalog, us, all) = (fixture.catalog, fixture.us, keys)
      async let outcome = catalog.removeLocation(fixture.eu, deletingObjects: false)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (blob, key) in all.suffix(5) {
          group.addTask { _ = try await catalog.quarantine(Placement(location: us, key: key), of: blob, reason: "rot") }
        }
        try await group.waitForAll()
      }
      // Either the quarantines came first and the removal saw them, or it was over before them.
      let good = try await fixture.number(
        "SELECT count(DISTINCT blob) FROM placements WHERE state = 'verified'")
      switch try await outcome {
      case .removed: #expect(good == 35)
      case .lastCopies: #expect(good == 40)
      case let other: Issue.record("\(other)")
      }
    }
  }

  @Test(
    "a push to the location while it is removed is refused or goes with it, never left behind", .timeLimit(.minutes(2)))
  func pushMeanwhile() async throws {
    try await CatalogFixture.with(poolSize: 8) { fixture in
      try await fixture.fill(blobs: 2000, at: [fixture.us, fixture.eu])
      try await drain(fixture, fixture.eu)
      async let outcome = fixture.catalog.removeLocation(fixture.eu, deletingObjects: true)
      let acknowledged = await withTaskGroup(of: Bool.self) { group in
        for number in 0..<30 {
          group.addTask {
            // A refusal is as good as a success here; what matters is what an acknowledged push leaves.
            (try? await fixture.push("late \(number)", location: fixture.eu, required: [fixture.us])) != nil
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      let left = try await fixture.number("SELECT count(*) FROM placements WHERE location = 'eustorage'")
      switch try await outcome {
      case .removed: #expect(left == 0 && acknowledged == 0)
      case .lastCopies: #expect(left == 2000 + acknowledged)
      case let other: Issue.record("\(other)")
      }
    }
  }
}
