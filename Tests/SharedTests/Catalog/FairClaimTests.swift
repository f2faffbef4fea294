import Postgres
import SharedModel
import SharedQueue
import TestSupport
import Testing

@testable import SharedCatalog

@Suite("Fair claims", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct FairClaimTests {
  /// Queues jobs for eu, one for each given namespace, lane and size; they are due since `ageSeconds`.
  private func queue(
    _ fixture: CatalogFixture, _ jobs: [(namespace: String, lane: Int, size: Int64)], ageSeconds: Int = 0,
    delaySeconds: Int = 0
  ) async throws {
    for job in jobs {
      _ = try await fixture.client.query(
        """
        WITH blob AS (
          INSERT INTO blobs (digest, size)
          SELECT 'sha256:' || lpad(to_hex(count(*) + 1), 64, '0'), \(job.size) FROM blobs RETURNING id, size
        )
        INSERT INTO jobs (blob, target, lane, size, namespace, created_at, not_before, is_delayed)
        SELECT id, 'eustorage', \(job.lane), size, '\(job.namespace)', now_ms() - \(ageSeconds * 1000),
          now_ms() - \(ageSeconds * 1000) + \(delaySeconds * 1000), \(delaySeconds > 0 ? 1 : 0) FROM blob
        """)
    }
  }

  private func claim(
    _ fixture: CatalogFixture, _ jobClass: JobClass = .small, after: String = "", limit: Int, aged: Int = 0
  ) async throws -> ClaimedJobs {
    try await fixture.catalog.claimDueJobs(
      target: fixture.eu, class: jobClass, after: after, limit: limit, aged: aged, olderThan: .zero, worker: "w",
      lease: .seconds(60))
  }

  @Test("namespaces take turns from after the one served last; each turn brings the smallest; none is left out")
  func turns() async throws {
    try await CatalogFixture.with { fixture in
      try await queue(fixture, (1...20).map { ("a", 1, Int64($0)) })
      try await queue(fixture, [("b", 1, 700), ("b", 1, 600), ("c", 1, 900), ("", 1, 5)])
      let first = try await claim(fixture, after: "a", limit: 3)
      #expect(first.jobs.map(\.namespace) == ["b", "c", ""])
      #expect(first.jobs.map(\.sizeBytes) == [600, 900, 5])
      #expect(first.lastNamespace == "")
      let second = try await claim(fixture, after: first.lastNamespace, limit: 5)
      // b has one left, so a gets what remains of the claim.
      #expect(second.jobs.map(\.namespace) == ["a", "b", "a", "a", "a"])
      #expect(second.jobs.map(\.sizeBytes) == [1, 700, 2, 3, 4])
      #expect(second.lastNamespace == "a")
      #expect(try await claim(fixture, after: "a", limit: 100).jobs.map(\.sizeBytes) == (5...20).map(Int64.init))
      let none = try await claim(fixture, after: "zzz", limit: 100)
      #expect(none.jobs.isEmpty)
      #expect(none.lastNamespace == "zzz")
    }
  }

  @Test("more namespaces than a claim has room for are all served in the end, one after another")
  func rotation() async throws {
    try await CatalogFixture.with { fixture in
      for _ in 0..<2 { try await queue(fixture, (10..<50).map { ("ns\($0)", 2, 1) }) }
      var served: [String] = []
      var after = "ns30"
      for _ in 0..<10 {
        let claimed = try await claim(fixture, after: after, limit: 4)
        served += claimed.jobs.map(\.namespace)
        after = claimed.lastNamespace
      }
      #expect(served == ((31..<50).map { "ns\($0)" } + (10...30).map { "ns\($0)" }))
    }
  }

  @Test("lanes come before turns, and a claim goes on into the later lanes")
  func lanes() async throws {
    try await CatalogFixture.with { fixture in
      try await queue(fixture, [("a", 2, 1), ("b", 1, 2), ("b", 0, 9), ("c", 0, 8), ("c", 1, 1), ("a", 1, 3)])
      let claimed = try await claim(fixture, after: "b", limit: 6)
      #expect(claimed.jobs.map(\.lane) == [.urgent, .urgent, .normal, .normal, .normal, .backfill])
      #expect(claimed.jobs.map(\.namespace) == ["c", "b", "c", "a", "b", "a"])
    }
  }

  @Test("each class is claimed by itself; large blobs by size too")
  func classes() async throws {
    try await CatalogFixture.with { fixture in
      let limit = JobClass.smallUpToBytes
      try await queue(fixture, [("a", 1, limit), ("a", 1, limit + 1), ("a", 1, limit * 100), ("a", 1, 0)])
      #expect(try await claim(fixture, .large, limit: 9).jobs.map(\.sizeBytes) == [limit + 1, limit * 100])
      #expect(try await claim(fixture, .small, limit: 9).jobs.map(\.sizeBytes) == [0, limit])
    }
  }

  @Test("the share of those who wait longest goes to the oldest, whatever lane, size and namespace they have")
  func aged() async throws {
    try await CatalogFixture.with { fixture in
      try await queue(fixture, [("z", 2, 4000)], ageSeconds: 900)
      try await queue(fixture, [("z", 2, 3000)], ageSeconds: 600)
      try await queue(fixture, [("y", 2, 2000)], ageSeconds: 30)
      try await queue(fixture, (1...30).map { ("a", 0, Int64($0)) })
      let jobs = try await claim(fixture, limit: 8, aged: 1).jobs
      #expect(jobs.count == 8)
      #expect(jobs.map(\.sizeBytes).sorted() == [1, 2, 3, 4, 5, 6, 7, 4000])
      // Whoever has not waited for long has no claim to it; the turns get what is left of the share.
      #expect(
        try await claim(fixture, limit: 8, aged: 3).jobs.map(\.sizeBytes).sorted() == (8...14).map(Int64.init) + [3000])
    }
  }

  @Test("old jobs that fail again and again do not use up the share of those who wait")
  func agedFailures() async throws {
    try await CatalogFixture.with { fixture in
      try await queue(fixture, (1...3).map { ("old", 2, Int64(4000 + $0)) }, ageSeconds: 9000)
      try await queue(fixture, [("young", 2, 5000)], ageSeconds: 600)
      try await queue(fixture, (1...100).map { ("a", 0, Int64($0)) })
      for round in 1...4 {
        let jobs = try await claim(fixture, limit: 2, aged: 1).jobs
        let aged = try #require(jobs.first { $0.lane == .backfill })
        #expect((aged.namespace == "young") == (round == 4))
        // Due again at once, as it seems, but at the end of the line.
        #expect(try await fixture.catalog.failJob(aged, error: "503", verdict: .retry(after: .zero)))
        _ = try await fixture.client.query(
          "UPDATE jobs SET not_before = not_before - 61000 WHERE state = 'queued' AND attempts > 0")
      }
    }
  }

  @Test("with one slot only, a large old blob gets it in the end although urgent ones keep coming")
  func singleSlotDoesNotStarve() async throws {
    try await CatalogFixture.with { fixture in
      try await queue(fixture, [("z", 2, 4000)], ageSeconds: 900)
      try await queue(fixture, (1...150).map { ("a", 0, Int64($0)) })
      for _ in 0..<150 {
        let claimed = try await fixture.catalog.claimDueJobs(
          target: fixture.eu, class: .small, after: "", limit: 1, olderThan: .zero, worker: "w", lease: .seconds(60))
        #expect(claimed.jobs.count == 1)
        if claimed.jobs.first?.namespace == "z" { return }
      }
      Issue.record("the old blob was never claimed: the odds against that are (8/7)^150")
    }
  }

  @Test("jobs that wait for another try hide nobody, use up no turn, and come back in line in their order")
  func backoff() async throws {
    try await CatalogFixture.with { fixture in
      for namespace in ["a", "b", "c"] {
        try await queue(fixture, (1...50).map { (namespace, 0, Int64($0)) }, delaySeconds: 3600)
      }
      try await queue(fixture, [("d", 2, 77), ("a", 2, 78)])
      #expect(try await claim(fixture, limit: 2).jobs.map(\.sizeBytes) == [78, 77])
      #expect(try await claim(fixture, limit: 2).jobs.isEmpty)
      _ = try await fixture.client.query("UPDATE jobs SET not_before = now_ms() - 1 WHERE state = 'queued'")
      // Never an empty answer while something is due.
      let back = try await claim(fixture, limit: 6)
      #expect(back.jobs.map(\.sizeBytes) == [1, 1, 1, 2, 2, 2])
      #expect(Set(back.jobs.map(\.namespace)) == ["a", "b", "c"])
    }
  }

  @Test("a failed job waits apart and is claimed again when its time has come; so is one that a test made due")
  func retries() async throws {
    try await CatalogFixture.with { fixture in
      try await queue(fixture, [("a", 1, 10)])
      let job = try #require(try await claim(fixture, limit: 1).jobs.first)
      #expect(try await fixture.catalog.failJob(job, error: "503", verdict: .retry(after: .milliseconds(80))))
      #expect(try await fixture.number("SELECT is_delayed FROM jobs") == 1)
      #expect(try await claim(fixture, limit: 1).jobs.isEmpty)
      var again: ReplicationJob?
      while again == nil { again = try await claim(fixture, limit: 1).jobs.first }
      #expect(again?.attempt == 2)
      #expect(try await fixture.number("SELECT is_delayed FROM jobs") == 0)
    }
  }

  @Test("a job that goes down with six workers in a row is parked and says so; the others are not held up")
  func poison() async throws {
    try await CatalogFixture.with { fixture in
      try await queue(fixture, [("a", 1, 10)])
      for rescues in 0...5 {
        let claimed = try await claim(fixture, limit: 4).jobs
        #expect(claimed.map(\.rescues) == [rescues])
        try await fixture.expireLeases()
      }
      try await queue(fixture, [("a", 1, 11)])
      #expect(try await claim(fixture, limit: 4).jobs.map(\.sizeBytes) == [11])
      #expect(try await fixture.texts("SELECT state FROM jobs ORDER BY size") == ["parked", "leased"])
      let error = try await fixture.texts("SELECT last_error FROM jobs WHERE state = 'parked'").first ?? ""
      #expect(error.hasPrefix("parked: 6 workers went silent in a row while they held this job, the last w;"))
      #expect(
        try await fixture.texts("SELECT outcome FROM job_attempts ORDER BY id")
          == Array(repeating: "rescued", count: 5) + ["parked"])
    }
  }

  @Test("a pushed blob's jobs carry its namespace; the first to ask keeps it, a reopened one changes hands")
  func namespaces() async throws {
    try await CatalogFixture.with { fixture in
      let pushed = try await fixture.push("layer", required: [fixture.eu])
      let other = try await fixture.catalog.ensureRepository(try RepositoryName(parsing: "others/app"))
      try await fixture.push("layer", required: [fixture.eu], repository: other)
      #expect(try await fixture.texts("SELECT namespace FROM jobs") == ["team"])
      let job = try #require(
        try await fixture.catalog.claimJobs(ids: pushed.jobs.map(\.id), worker: "w", lease: .seconds(60)).first)
      #expect(job.namespace == "team")
      #expect(try await fixture.catalog.failJob(job, error: "x", verdict: .park))
      try await fixture.push("layer", required: [fixture.eu], repository: other)
      #expect(try await fixture.texts("SELECT namespace FROM jobs") == ["others"])
      #expect(try await fixture.catalog.openJobs(for: [pushed.blob], target: fixture.ap, lane: .urgent).count == 1)
      let found = try await fixture.texts("SELECT namespace FROM jobs WHERE target = 'apstorage'")
      #expect(found == ["team"] || found == ["others"])
    }
  }
}
