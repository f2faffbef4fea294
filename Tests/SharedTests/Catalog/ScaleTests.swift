import Postgres
import SharedModel
import SharedQueue
import TestSupport
import Testing

@testable import SharedCatalog

/// Measures claims and the status beside a million queued jobs; run with MERIDIAN_SCALE_ROWS=1000000 (minutes of
/// seeding). The figures are printed; the bounds hold on a busy machine.
@Suite(
  "A million jobs", .serialized,
  .enabled(if: CatalogFixture.isEnabled && CatalogFixture.scaleRows > 0, "MERIDIAN_SCALE_ROWS is not set"))
struct ScaleTests {
  private let rows = CatalogFixture.scaleRows

  @Test("claims and the status stay quick: at rest, while a backlog is worked off, beside jobs in backoff")
  func staysQuick() async throws {
    try await CatalogFixture.with(poolSize: 8) { fixture in
      try await seed(fixture)
      report("one claim of 64, at rest", try await claims(fixture, count: 40, workers: 1), within: .milliseconds(250))
      report("status", try await statuses(fixture), within: .milliseconds(500))
      // Eight workers: what they leave behind in the indexes is what the next claim has to step over.
      report("claim and completion of 64, eight workers", try await claims(fixture, count: 100, workers: 8))
      report(
        "one claim of 64, after those", try await claims(fixture, count: 40, workers: 1), within: .milliseconds(250))
      // Everything but a few fails at once and waits.
      for page in stride(from: 0, to: rows, by: 100_000) {
        _ = try await fixture.client.query(
          """
          UPDATE jobs SET is_delayed = 1, attempts = 1, not_before = now_ms() + 3600000
          WHERE state = 'queued' AND id > \(page) AND id <= \(page + 100_000) AND id % 100 <> 7
          """)
      }
      report(
        "one claim of 64, beside jobs in backoff", try await claims(fixture, count: 20, workers: 1),
        within: .milliseconds(250))
      report("status, most jobs failing", try await statuses(fixture), within: .milliseconds(500))
      while try await fixture.catalog.foldTallies(limit: 10_000) > 0 {}
      report("status, folded", try await statuses(fixture), within: .milliseconds(500))
    }
  }

  /// Blobs with a copy in us, and a job for eu each: half of one namespace, the rest of a hundred; every twentieth large.
  private func seed(_ fixture: CatalogFixture) async throws {
    for first in stride(from: 1, through: rows, by: 50_000) {
      let last = min(rows, first + 49_999)
      for statement in [
        """
        INSERT INTO blobs (digest, size)
          SELECT 'sha256:' || lpad(to_hex(n), 64, '0'), CASE WHEN n % 20 = 0 THEN 5000000 + n ELSE n % 50000 END
          FROM generate_series(\(first), \(last)) n
        """,
        """
        INSERT INTO placements (blob, location, object_key)
          SELECT id, 'usstorage', 'k/' || id FROM blobs WHERE id BETWEEN \(first) AND \(last)
        """,
        """
        INSERT INTO jobs (blob, target, lane, size, namespace, created_at)
          SELECT id, 'eustorage', 2, size, CASE WHEN id % 2 = 0 THEN 'greedy' ELSE 'ns' || id % 100 END, now_ms() - id
          FROM blobs WHERE id BETWEEN \(first) AND \(last)
        """,
      ] { try await fixture.client.executeScript(statement) }
    }
    try await fixture.client.executeScript("ANALYZE")
  }

  /// The times of so many claims; several workers also complete what they claim, and only claims are measured.
  private func claims(_ fixture: CatalogFixture, count: Int, workers: Int) async throws -> [Duration] {
    try await withThrowingTaskGroup(of: [Duration].self) { group in
      for worker in 0..<workers {
        group.addTask {
          var times: [Duration] = []
          var namespace = ""
          for _ in 0..<count {
            let start = ContinuousClock.now
            let claimed = try await fixture.catalog.claimDueJobs(
              target: fixture.eu, class: .small, after: namespace, limit: 64, olderThan: .zero, worker: "w\(worker)",
              lease: .seconds(600))
            times.append(ContinuousClock.now - start)
            #expect(claimed.jobs.count > 32)
            namespace = claimed.lastNamespace
            if workers > 1 {
              _ = try await fixture.catalog.completeJobs(
                try claimed.jobs.map { fixture.completion($0, key: try fixture.freshKey()) })
            } else {
              _ = try await fixture.catalog.releaseJobs(claimed.jobs)
            }
          }
          return times
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
  }

  private func statuses(_ fixture: CatalogFixture) async throws -> [Duration] {
    var times: [Duration] = []
    for _ in 0..<20 {
      let start = ContinuousClock.now
      let status = try await fixture.catalog.replicationStatus()
      times.append(ContinuousClock.now - start)
      #expect(status.reduce(0) { $0 + $1.placements } >= Int64(rows))
    }
    return times
  }

  /// Prints the median and the slowest but one in a hundred; half of them must be within the bound.
  private func report(_ what: String, _ times: [Duration], within bound: Duration? = nil) {
    let sorted = times.sorted()
    guard let slowest = sorted.last else { return }
    let median = sorted[sorted.count / 2]
    print("\(what): median \(median), p99 \(sorted[sorted.count * 99 / 100]), slowest \(slowest), of \(sorted.count)")
    if let bound { #expect(median < bound, "\(what)") }
  }
}

extension CatalogFixture {
  /// How many jobs to measure beside; nought where that is not asked for.
  static var scaleRows: Int { Int(environment("MERIDIAN_SCALE_ROWS") ?? "") ?? 0 }
}
