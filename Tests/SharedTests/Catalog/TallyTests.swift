import Postgres
import Shared
import TestSupport
import Testing

@Suite("Tallies and the status", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct TallyTests {
  /// The counts as counting whole tables gives them, in the words of `tallies`.
  private static let counted = """
    SELECT location, state AS kind, count(*) AS objects, sum(b.size) AS bytes
      FROM placements p JOIN blobs b ON b.id = p.blob GROUP BY 1, 2
    UNION ALL SELECT min(location), 'sole', 1, min(b.size)
      FROM placements p JOIN blobs b ON b.id = p.blob WHERE p.state = 'verified' GROUP BY b.id HAVING count(*) = 1
    UNION ALL SELECT target, 'open.' || lane, count(*), sum(size) FROM jobs WHERE state IN ('queued', 'leased') GROUP BY 1, 2
    UNION ALL SELECT target, 'failing', count(*), sum(size) FROM jobs
      WHERE state IN ('queued', 'leased') AND attempts > 0 GROUP BY 1
    UNION ALL SELECT target, state, count(*), sum(size) FROM jobs WHERE state IN ('parked', 'source_lost') GROUP BY 1, 2
    """

  /// Lines of location, kind, objects and bytes that are not nought.
  static func lines(_ fixture: CatalogFixture, of source: String) async throws -> [String] {
    try await fixture.texts(
      """
      SELECT location || ' ' || kind || ' ' || sum(objects) || ' ' || sum(bytes) FROM (\(source)) s
      GROUP BY location, kind HAVING sum(objects) <> 0 OR sum(bytes) <> 0 ORDER BY 1
      """)
  }

  /// That tallies and differences together are the truth.
  static func expectTrue(_ fixture: CatalogFixture) async throws {
    let kept = try await lines(
      fixture,
      of: """
        SELECT location, kind, objects, bytes FROM tallies UNION ALL SELECT location, kind, objects, bytes FROM tally_deltas
        """)
    #expect(try await lines(fixture, of: counted) == kept)
  }

  @Test("whatever happens to jobs and placements, the tallies are what counting gives, folded or not")
  func followEverything() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let pushed = try await fixture.push("layer")
      try await fixture.push("other layer", required: [fixture.eu], lane: .backfill)
      try await fixture.push("other layer", location: fixture.eu, required: [])
      try await Self.expectTrue(fixture)
      let job = try #require(
        try await catalog.claimJobs(ids: [pushed.jobs[0].id], worker: "w", lease: .seconds(60)).first)
      #expect(try await catalog.failJob(job, error: "x", verdict: .retry(after: .zero)))
      try await Self.expectTrue(fixture)
      _ = try await catalog.openJobs(for: [job.blob], target: job.target, lane: .urgent)
      let again = try #require(try await catalog.claimJobs(ids: [job.id], worker: "w", lease: .seconds(60)).first)
      _ = try await catalog.completeJobs([fixture.completion(again, key: try fixture.freshKey())])
      try await Self.expectTrue(fixture)
      #expect(try await catalog.foldTallies(limit: 3) == 3)
      try await Self.expectTrue(fixture)
      for placement in try await catalog.placements(of: [job.blob])[job.blob] ?? [] {
        _ = try await catalog.quarantine(placement, of: job.blob, reason: "rotten")
        try await Self.expectTrue(fixture)
      }
      while try await catalog.foldTallies(limit: 2) > 0 { try await Self.expectTrue(fixture) }
      _ = try await fixture.client.query("UPDATE placements SET checked_at = 1, verified_at = 1")
      #expect(try await fixture.number("SELECT count(*) FROM tally_deltas") == 0)
      _ = try await fixture.client.query("DELETE FROM placements WHERE location = 'usstorage'")
      _ = try await fixture.client.query("DELETE FROM jobs")
      try await Self.expectTrue(fixture)
    }
  }

  @Test("copies that arrive and vanish at the same time are all seen: the blobs at risk are exact")
  func atRiskUnderConcurrency() async throws {
    try await CatalogFixture.with(poolSize: 8) { fixture in
      let catalog = fixture.catalog
      var jobs: [ReplicationJob] = []
      for number in 0..<24 {
        let ids = try await fixture.push("blob \(number)").jobs.map(\.id)
        jobs += try await catalog.claimJobs(ids: ids, worker: "w", lease: .seconds(600))
      }
      #expect(try await catalog.replicationStatus().map(\.atRisk.count) == [0, 0, 24])
      try await withThrowingTaskGroup(of: Void.self) { group in
        for job in jobs {
          group.addTask {
            _ = try await catalog.completeJobs([fixture.completion(job, key: try fixture.freshKey())])
            if job.id.rawValue.isMultiple(of: 3) {
              for placement in try await catalog.placements(of: [job.blob])[job.blob] ?? []
              where placement.location != job.target {
                _ = try await catalog.quarantine(placement, of: job.blob, reason: "rotten")
              }
            }
          }
          group.addTask { _ = try await catalog.foldTallies(limit: 7) }
        }
        try await group.waitForAll()
      }
      try await Self.expectTrue(fixture)
      let sole = try await fixture.number("SELECT count(*) FROM blobs WHERE sole_location IS NOT NULL")
      #expect(try await catalog.replicationStatus().map(\.atRisk.count).reduce(0, +) == sole)
      var listed: [BlobAtRisk] = []
      while true {
        let page = try await catalog.atRiskBlobs(after: listed.last?.blob, limit: 2)
        listed += page
        if page.isEmpty { break }
      }
      #expect(Int64(Set(listed.map(\.blob)).count) == sole)
      let here = try await catalog.atRiskBlobs(location: fixture.eu, limit: 100)
      #expect(Set(here) == Set(listed.filter { $0.location == fixture.eu }))
      #expect(
        try await fixture.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0)
    }
  }

  @Test("the status tells backlog by lane, oldest, failures, lag of what was copied, and deletions that fail")
  func status() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let first = try await fixture.push("first", required: [fixture.eu])
      try await fixture.push("second!", required: [fixture.eu], lane: .backfill)
      try await fixture.push("third", required: [fixture.eu], lane: .backfill)
      _ = try await fixture.client.query("UPDATE jobs SET created_at = now_ms() - 100000 WHERE lane = 2")
      let job = try #require(
        try await catalog.claimJobs(ids: first.jobs.map(\.id), worker: "w", lease: .seconds(60)).first)
      var eu = try #require(try await catalog.replicationStatus().first { $0.location == fixture.eu })
      #expect(eu.lag == nil)
      #expect(eu.lanes.map(\.lane) == [.urgent, .normal, .backfill])
      #expect(eu.lanes.map(\.jobs) == [0, 1, 2])
      #expect(eu.lanes.map(\.sizeBytes) == [0, 5, 12])
      #expect(eu.lanes.map { $0.oldestSeconds == nil } == [true, false, false])
      #expect((95...200).contains(eu.oldestPendingSeconds ?? 0))
      #expect(eu.pendingJobs == 3)
      #expect(eu.pendingBytes == 17)
      _ = try await catalog.completeJobs([fixture.completion(job, key: try fixture.freshKey())])
      _ = try await fixture.client.query(
        """
        INSERT INTO blobs (digest, size) SELECT 'sha256:' || lpad(to_hex(n), 64, '0'), 1 FROM generate_series(1, 1999) n
        """)
      _ = try await fixture.client.query(
        """
        INSERT INTO jobs (blob, target, lane, size, state, created_at, done_at, source)
        SELECT id, 'apstorage', 1, 1, 'done', id * 10, id * 10 + id, 'usstorage' FROM blobs WHERE size = 1
        """)
      try await catalog.recordObjectDeletion(of: try fixture.freshKey(), at: fixture.eu, reason: "test")
      _ = try await fixture.client.query("UPDATE object_deletions SET last_error = '403', attempts = 1")
      let statuses = try await catalog.replicationStatus()
      eu = try #require(statuses.first { $0.location == fixture.eu })
      #expect(eu.lag?.samples == 1)
      #expect(eu.placements == 1)
      #expect(eu.placedBytes == 5)
      #expect(eu.failingDeletions == 1)
      let us = try #require(statuses.first { $0.location == fixture.us })
      #expect(us.atRisk == AtRisk(count: 2, sizeBytes: 12))
      // The last thousand of lags that grow by one: nearest rank.
      let lag = try #require(statuses.first { $0.location == fixture.ap }?.lag)
      let largest = try await fixture.number("SELECT max(id) FROM blobs")
      #expect(lag == LagPercentiles(samples: 1000, p50Ms: largest - 500, p90Ms: largest - 100, p99Ms: largest - 10))
    }
  }
}
