import Postgres
import SharedModel
import SharedQueue
import TestSupport
import Testing

@testable import SharedCatalog

@Suite("Claim at scale", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct ClaimPlanTests {
  /// Blobs with one placement each and a job each, half of them for `eustorage`; of those, half are not due for an hour.
  private static let seed = """
    INSERT INTO blobs (digest, size) SELECT 'sha256:' || lpad(to_hex(n), 64, '0'), n % 5000
      FROM generate_series(1, 100000) n;
    INSERT INTO placements (blob, location, object_key) SELECT id, 'usstorage', 'blobs/' || id FROM blobs;
    INSERT INTO jobs (blob, target, lane, size, not_before)
      SELECT id, CASE WHEN id % 2 = 0 THEN 'eustorage' ELSE 'apstorage' END, id % 3, size,
        CASE WHEN id % 4 = 0 THEN now_ms() + 3600000 ELSE now_ms() - 1000 END FROM blobs;
    """

  @Test("with a hundred thousand jobs a claim reads no whole table, with fresh statistics and without any")
  func staysIndexed() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.client.executeScript(Self.seed)
      for analyzes in [false, true] {
        if analyzes { try await fixture.client.executeScript("ANALYZE") }
        // The plan a prepared statement settles on, which knows no parameter's value.
        let plan = try await fixture.client.withConnection { connection in
          _ = try await connection.query("SET plan_cache_mode = force_generic_plan")
          _ = try await connection.query("PREPARE claim AS \(fixture.catalog.claimDueStatement(limit: 64))")
          return try await connection.query(
            "EXPLAIN EXECUTE claim ('token', 60000, 'worker', '{eustorage,apstorage}', 5, 64)"
          ).rows.map { try $0.text("QUERY PLAN") }
        }
        #expect(plan.contains { $0.contains("jobs_due") })
        #expect(plan.contains { $0.contains("jobs_leased") })
        #expect(!plan.contains { $0.contains("Seq Scan") }, "\(plan.joined(separator: "\n"))")
      }
    }
  }

  @Test("the smallest due blobs come first, and a claim among a hundred thousand is quick")
  func claimsSmallestFirst() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.client.executeScript(Self.seed + "ANALYZE;")
      var jobs: [ReplicationJob] = []
      let elapsed = try await ContinuousClock().measure {
        jobs = try await fixture.catalog.claimDueJobs(
          targets: [fixture.eu], olderThan: .zero, limit: 64, worker: "w", lease: .seconds(60))
      }
      #expect(jobs.count == 64)
      #expect(jobs.allSatisfy { $0.lane == .urgent && $0.target == fixture.eu && $0.sources.count == 1 })
      #expect(jobs.map(\.sizeBytes) == jobs.map(\.sizeBytes).sorted())
      #expect(elapsed < .seconds(1))
    }
  }
}
