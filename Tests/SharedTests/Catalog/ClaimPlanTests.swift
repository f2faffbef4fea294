import Postgres
import SharedModel
import SharedQueue
import TestSupport
import Testing

@testable import SharedCatalog

@Suite("Claim at scale", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct ClaimPlanTests {
  /// Blobs with one placement each and a job each, half of them for `eustorage`; of those, half wait for another try.
  /// One namespace has half of everything, a hundred others share the rest; every tenth blob is large.
  private static let seed = [
    """
    INSERT INTO blobs (digest, size)
      SELECT 'sha256:' || lpad(to_hex(n), 64, '0'), CASE WHEN n % 10 = 0 THEN 5000000 ELSE n % 5000 END
      FROM generate_series(FIRST, LAST) n
    """,
    """
    INSERT INTO placements (blob, location, object_key) SELECT id, 'usstorage', 'blobs/' || id FROM blobs
      WHERE id BETWEEN FIRST AND LAST
    """,
    """
    INSERT INTO jobs (blob, target, lane, size, namespace, not_before, is_delayed)
      SELECT id, CASE WHEN id % 2 = 0 THEN 'eustorage' ELSE 'apstorage' END, id % 3, size,
        CASE WHEN id % 8 < 4 THEN 'greedy' ELSE 'ns' || id % 100 END,
        CASE WHEN id % 4 = 0 THEN now_ms() + 3600000 ELSE now_ms() - 1000 END, CASE WHEN id % 4 = 0 THEN 1 ELSE 0 END
      FROM blobs WHERE id BETWEEN FIRST AND LAST
    """,
  ]

  /// In pages, each with a deadline of its own.
  private func seed(_ fixture: CatalogFixture) async throws {
    for statement in Self.seed {
      for first in stride(from: 1, through: 100_000, by: 20_000) {
        try await fixture.client.executeScript(
          statement.replacing("FIRST", with: "\(first)").replacing("LAST", with: "\(first + 19_999)"))
      }
    }
  }

  @Test("with a hundred thousand jobs a claim reads no whole table, with fresh statistics and without any")
  func staysIndexed() async throws {
    try await CatalogFixture.with { fixture in
      try await seed(fixture)
      for analyzes in [false, true] {
        if analyzes { try await fixture.client.executeScript("ANALYZE") }
        // The plan a prepared statement settles on, which knows no parameter's value.
        let plan = try await fixture.client.withConnection { connection in
          _ = try await connection.query("SET plan_cache_mode = force_generic_plan")
          _ = try await connection.query("PREPARE claim AS \(fixture.catalog.claimDueStatement(limit: 64))")
          return try await connection.query(
            "EXPLAIN EXECUTE claim ('token', 60000, 'worker', 'eustorage', 0, 'ns7', 5, 64, 8, 60000)"
          ).rows.map { try $0.text("QUERY PLAN") }
        }
        for index in ["jobs_due", "jobs_oldest", "jobs_delayed", "jobs_leased"] {
          #expect(plan.contains { $0.contains(index) }, "\(index)")
        }
        #expect(!plan.contains { $0.contains("Seq Scan") }, "\(plan.joined(separator: "\n"))")
        // Where the order of an index of jobs is not used, all it holds would be read and sorted. The few placements of
        // one blob may be looked up either way.
        #expect(!plan.contains { $0.contains("Bitmap Heap Scan on jobs") }, "\(plan.joined(separator: "\n"))")
      }
    }
  }

  @Test("the urgent lane comes first, every namespace gets its turn, and a claim among a hundred thousand is quick")
  func takesTurns() async throws {
    try await CatalogFixture.with { fixture in
      try await seed(fixture)
      try await fixture.client.executeScript("ANALYZE")
      var jobs: [ReplicationJob] = []
      let elapsed = try await ContinuousClock().measure {
        jobs = try await fixture.catalog.claimDueJobs(
          target: fixture.eu, class: .small, after: "", limit: 64, aged: 8, olderThan: .zero, worker: "w",
          lease: .seconds(60)
        ).jobs
      }
      #expect(jobs.count == 64)
      #expect(jobs.allSatisfy { $0.lane == .urgent && $0.target == fixture.eu && $0.sources.count == 1 })
      #expect(jobs.allSatisfy { $0.sizeBytes <= JobClass.smallUpToBytes })
      let namespaces = Dictionary(grouping: jobs, by: \.namespace)
      #expect(namespaces.count > 10)
      for group in namespaces.values { #expect(group.map(\.sizeBytes) == group.map(\.sizeBytes).sorted()) }
      let counts = namespaces.mapValues(\.count).values
      #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
      #expect(elapsed < .seconds(1))
    }
  }
}
