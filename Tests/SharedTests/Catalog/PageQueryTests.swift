import Postgres
import Shared
import TestSupport
import Testing

@Suite("What the status page asks of the database", .enabled(if: CatalogFixture.isEnabled))
struct PageQueryTests {
  @Test("the history has one row a minute whoever writes it, the worst of a stretch, and nothing of the day before")
  func history() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      try await fixture.push("a", required: [fixture.us, fixture.eu])
      for _ in 0..<3 { try await catalog.recordHistory(try await catalog.replicationStatus()) }
      // A minute may have begun in between.
      #expect((3...6).contains(try await fixture.number("SELECT count(*) FROM replication_history")))
      _ = try await fixture.client.query("DELETE FROM replication_history")
      _ = try await fixture.client.query(
        """
        INSERT INTO replication_history (location, taken_at, pending, pending_bytes, lag_seconds)
        SELECT 'eustorage', now_ms() / 300000 * 300000 - n * 60000, n, 10 * n, n * 2 FROM generate_series(1, 1600) AS n
        """)
      let history = try await catalog.replicationHistory(span: .seconds(86_400), stretch: .seconds(300))
      #expect((287...289).contains(history.points.count) && history.stretchMs == 300_000)
      let last = try #require(history.points.last)
      #expect(last.location == fixture.eu && last.pending == 5 && last.pendingBytes == 50 && last.lagSeconds == 10)
      #expect(history.nowMs - last.beganAtMs <= 600_000)
      #expect(zip(history.points, history.points.dropFirst()).allSatisfy { $1.beganAtMs - $0.beganAtMs == 300_000 })
      try await catalog.recordHistory(try await catalog.replicationStatus())
      #expect(try await fixture.number("SELECT count(*) FROM replication_history") <= 1504)
    }
  }

  @Test("copies under way and failures are told with what has become of them")
  func activity() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      try await fixture.push("first", required: [fixture.eu], sizeBytes: 5)
      try await fixture.push("second", required: [fixture.eu], sizeBytes: 10)
      let jobs = try await fixture.claimDue(at: fixture.eu, limit: 10, worker: "worker-1")
      try #require(jobs.count == 2)
      #expect(
        try await catalog.copiesUnderWayByTarget() == [CopiesUnderWay(target: fixture.eu, copies: 2, sizeBytes: 15)])
      let copies = try await catalog.copiesUnderWay(limit: 10)
      #expect(copies.map(\.sizeBytes).sorted() == [5, 10] && copies.allSatisfy { $0.worker == "worker-1" })
      #expect(copies.allSatisfy { $0.doneBytes == nil && $0.target == fixture.eu && $0.lane == .normal })
      #expect(try await catalog.copiesUnderWay(limit: 1).count == 1)
      #expect(try await catalog.recentFailures(within: .seconds(86_400), limit: 10).isEmpty)
      _ = try await fixture.client.query(
        """
        INSERT INTO job_attempts (job, worker, outcome, source, error, ended_at)
        SELECT j.id, 'worker-1', CASE WHEN n = 2 THEN 'placed' ELSE 'failed' END, 'usstorage', 'boom ' || n,
          now_ms() - CASE WHEN n = 1 THEN 90000000 ELSE 1000 END
        FROM jobs j CROSS JOIN generate_series(1, 3) AS n ORDER BY n, j.id
        """)
      let failures = try await catalog.recentFailures(within: .seconds(86_400), limit: 10)
      #expect(failures.count == 2 && failures.allSatisfy { $0.error == "boom 3" && $0.state == .leased })
      #expect(failures.allSatisfy { $0.source == fixture.us && $0.ageMs < 60_000 && $0.outcome == .failed })
      #expect(failures.map(\.job.rawValue) == failures.map(\.job.rawValue).sorted(by: >))
    }
  }

  @Test("a verification is asked for once, and done when a round that began later is complete")
  func verification() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      #expect(try await !catalog.isVerificationRequested(at: fixture.us, .presence))
      #expect(try await catalog.requestVerification(at: fixture.us, .presence, by: "admin"))
      let first = try #require(try await catalog.verificationRequests().first)
      #expect(first.requestedBy == "admin" && first.doneAtMs == nil && first.depth == .presence)
      #expect(try await catalog.requestVerification(at: fixture.us, .presence, by: "root"))
      let again = try #require(try await catalog.verificationRequests().first)
      #expect(again.requestedBy == "root" && again.requestedAtMs == first.requestedAtMs)
      #expect(try await catalog.isVerificationRequested(at: fixture.us, .presence))
      #expect(try await !catalog.isVerificationRequested(at: fixture.us, .content))
      #expect(try await !catalog.isVerificationRequested(at: fixture.eu, .presence))
      // A round that was under way already has not looked at everything.
      try await catalog.fulfilVerification(at: fixture.us, .presence, roundBeganAtMs: first.requestedAtMs - 1)
      #expect(try await catalog.isVerificationRequested(at: fixture.us, .presence))
      try await catalog.fulfilVerification(at: fixture.us, .presence, roundBeganAtMs: first.requestedAtMs)
      #expect(try await !catalog.isVerificationRequested(at: fixture.us, .presence))
      #expect(try await catalog.verificationRequests().first?.doneAtMs != nil)
      #expect(try await !catalog.requestVerification(at: try LocationID(parsing: "nowhere"), .presence, by: "admin"))
    }
  }
}
