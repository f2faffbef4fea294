import Logging
import Postgres
import Shared
import Synchronization
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("Backfill walks", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct BackfillWalkTests {
  private struct Killed: Error {}

  private func walk(
    _ fixture: CatalogFixture, holder: String, scope: BackfillScope = BackfillScope(),
    pause: @escaping @Sendable () async -> Void = { Issue.record("nobody is to be waited for") }
  ) -> BackfillWalk {
    BackfillWalk(
      catalog: fixture.catalog, scope: scope, defaultLocations: [fixture.us, fixture.eu], holder: holder,
      announce: { _ in }, pause: Pause { _ in await pause() })
  }

  @Test("a walk that dies is taken up where it stopped, with its counts", .timeLimit(.minutes(2)))
  func resumes() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.fill(blobs: 10_000, at: [fixture.us])
      let first = walk(fixture, holder: "first")
      let steps = Mutex(0)
      let task = Task {
        try await first.run(report: { _, _ in
          // As SIGKILL would: nothing after the first saved step.
          if steps.withLock({
            $0 += 1; return $0
          }) == 2 {
            withUnsafeCurrentTask { $0?.cancel() }
          }
        })
      }
      await #expect(throws: (any Error).self) { try await task.value }
      let opened = try await fixture.number("SELECT count(*) FROM jobs")
      #expect((Int64(Catalog.backfillBatch)..<10_000).contains(opened))
      _ = try await fixture.client.query("UPDATE sweeps SET held_until = now_ms() - 1 WHERE holder IS NOT NULL")
      var beginning: BackfillWalk.Beginning?
      let totals = try await walk(fixture, holder: "second").run(beginning: { beginning = $0 })
      guard case .resumed(let before) = beginning else {
        Issue.record("not resumed: \(String(describing: beginning))")
        return
      }
      #expect(before.scanned >= Int64(Catalog.backfillBatch))
      #expect(totals.scanned == 10_000)
      #expect(try await fixture.number("SELECT count(*) FROM jobs") == 10_000)
      let again = try await walk(fixture, holder: "third").run()
      #expect(again == BackfillWalk.Totals(scanned: 10_000, opened: 0))
    }
  }

  @Test("a walk beside another one does all the work and leaves the other's record alone")
  func beside() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.fill(blobs: 10, at: [fixture.us])
      let lease = Duration.seconds(60)
      let held = try #require(
        await fixture.catalog.claimSweep(BackfillScope().sweepName, holder: "other", lease: lease))
      var beginnings: [BackfillWalk.Beginning] = []
      let mine = walk(fixture, holder: "mine") {
        do {
          #expect(try await fixture.catalog.saveSweep(held, cursor: "1", progress: "{}", lease: lease))
        } catch {
          Issue.record(error)
        }
      }
      let totals = try await mine.run(beginning: { beginnings.append($0) })
      #expect(beginnings == [.waiting, .beside])
      #expect(totals.opened == 10)
      #expect(try await fixture.texts("SELECT holder FROM sweeps") == ["other"])
    }
  }

  @Test("a walk killed a moment ago is waited for until its lease has run out, then taken up")
  func resumesTheJustKilled() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.fill(blobs: 10, at: [fixture.us])
      let lease = Duration.seconds(60)
      let held = try #require(
        await fixture.catalog.claimSweep(BackfillScope().sweepName, holder: "killed", lease: lease))
      let third = try await fixture.number("SELECT id FROM blobs ORDER BY id OFFSET 2 LIMIT 1")
      #expect(
        try await fixture.catalog.saveSweep(
          held, cursor: "\(third)", progress: #"{"opened":3,"scanned":3}"#, lease: lease))
      let looks = Mutex(0)
      let second = walk(fixture, holder: "second") {
        guard
          looks.withLock({
            $0 += 1
            return $0
          }) == 5
        else { return }
        do {
          _ = try await fixture.client.query("UPDATE sweeps SET held_until = now_ms() - 1")
        } catch {
          Issue.record(error)
        }
      }
      var beginnings: [BackfillWalk.Beginning] = []
      let totals = try await second.run(beginning: { beginnings.append($0) })
      #expect(beginnings == [.waiting, .resumed(.init(scanned: 3, opened: 3))])
      #expect(totals == .init(scanned: 10, opened: 10))
      #expect(looks.withLock { $0 } == 5)
    }
  }

  @Test("what a namespace's change has put on record is walked by a worker, once")
  func keeps() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("layer", required: [])
      try await fixture.catalog.setNamespaceLocation(namespace: "team", location: fixture.ap, required: true)
      let keeper = BackfillKeeper(
        catalog: fixture.catalog, defaultLocations: [fixture.us], holder: "worker", announce: { _ in },
        logger: Logger(label: "test"))
      #expect(try await keeper.resumeAll() == 1)
      #expect(try await fixture.texts("SELECT target FROM jobs") == ["apstorage"])
      #expect(try await keeper.resumeAll() == 0)
    }
  }

  @Test("following ends when nothing is in flight and tells what is missing then", .timeLimit(.minutes(1)))
  func follows() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("one", required: [fixture.us, fixture.eu])
      try await fixture.push("two", required: [fixture.us, fixture.eu])
      let count = GapCount(
        catalog: fixture.catalog, scope: BackfillScope(), defaultLocations: [fixture.us, fixture.eu])
      let looks = Mutex(0)
      let follower = GapFollower(
        count: count,
        progress: ProgressLine("copying", unit: .things("copies"), columns: nil, now: { .now }, write: { _ in }),
        pause: { _ in
          guard
            looks.withLock({
              $0 += 1; return $0
            }) == 2
          else { return }
          _ = try await fixture.client.query("UPDATE jobs SET state = 'parked' WHERE id = (SELECT min(id) FROM jobs)")
          _ = try await fixture.client.query("UPDATE jobs SET state = 'done' WHERE state = 'queued'")
          _ = try await fixture.client.query(
            """
            INSERT INTO placements (blob, location, object_key)
            SELECT blob, target, 'copied/' || blob FROM jobs WHERE state = 'done'
            """)
        })
      let beginning = try await count.run()
      #expect(beginning.line == "2 missing, 2 in flight")
      #expect(beginning.exitCode == 3)
      let gap = try await follower.follow(from: beginning)
      #expect(gap.line == "1 missing, 0 in flight")
      #expect(gap.exitCode == 2)
      #expect(gap.advice.count == 1)
      #expect(ReplicationGap().line == "0 missing, 0 in flight: complete")
      #expect(ReplicationGap().exitCode == 0)
    }
  }
}
