import Postgres
import Shared
import TestSupport
import Testing

@Suite("The history of jobs", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct AttemptTests {
  @Test("every attempt leaves a line: failures with their reason, source and bytes, rescues, the copy at last")
  func history() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let ids = try await fixture.push("layer", required: [fixture.eu]).jobs.map(\.id)
      func claim(_ worker: String) async throws -> ReplicationJob {
        try #require(try await catalog.claimJobs(ids: ids, worker: worker, lease: .seconds(60)).first)
      }
      let first = try await claim("one")
      #expect(
        try await catalog.failJob(
          first, error: "503", verdict: .retry(after: .zero), source: fixture.us, bytesRead: 3, durationMs: 9))
      #expect(try await catalog.failJob(first, error: "again", verdict: .park) == false)
      _ = try await claim("two")
      try await fixture.expireLeases()
      let third = try await claim("three")
      #expect(try await catalog.releaseJobs([third]) == [third.id])
      let fourth = try await claim("four")
      let key = try fixture.freshKey()
      #expect(try await catalog.completeJobs([fixture.completion(fourth, key: key)]) == [fourth.id: .placed])
      let attempts = try await catalog.attempts(of: fourth.id, limit: 10)
      #expect(attempts.map(\.outcome) == [.placed, .rescued, .failed])
      #expect(attempts.map(\.worker) == ["four", "two", "one"])
      #expect(attempts.map(\.error) == [nil, "the worker went silent and its lease ran out", "503"])
      #expect(attempts.map(\.source) == [fixture.us, nil, fixture.us])
      #expect(attempts.map(\.bytesRead) == [5, 0, 3])
      #expect(attempts.map(\.durationMs) == [5, 0, 9])
      #expect(try await catalog.attempts(of: fourth.id, limit: 1).count == 1)
      #expect(try await catalog.pruneAttempts(olderThan: .seconds(60), limit: 10) == 0)
      #expect(try await catalog.pruneAttempts(olderThan: .seconds(-60), limit: 2) == 2)
      #expect(try await catalog.attempts(of: fourth.id, limit: 10).map(\.outcome) == [.placed])
    }
  }

  @Test("a report of a copy that stood there already makes no placement of an object given up meanwhile (I2)")
  func standingCopies() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let pushed = try await fixture.push("layer", required: [fixture.eu])
      let (old, new) = (try fixture.freshKey(), try fixture.freshKey())
      try await fixture.push("layer", key: old, location: fixture.eu, required: [])
      _ = try await fixture.client.query("UPDATE jobs SET state = 'queued', done_at = NULL")
      let job = try #require(
        try await catalog.claimJobs(ids: pushed.jobs.map(\.id), worker: "w", lease: .seconds(60)).first)
      #expect(job.placementAtTarget?.key == old)
      // Quarantined, replaced by a push, quarantined again: all while the worker holds the job.
      _ = try await catalog.quarantine(Placement(location: fixture.eu, key: old), of: job.blob, reason: "rotten")
      try await fixture.push("layer", key: new, location: fixture.eu, required: [])
      #expect(try await fixture.isOnRecordForDeletion(old))
      _ = try await catalog.quarantine(Placement(location: fixture.eu, key: new), of: job.blob, reason: "rotten")
      #expect(try await catalog.completeJobs([fixture.completion(job, key: old)]) == [job.id: .placed])
      #expect(try await fixture.texts("SELECT object_key FROM placements WHERE location = 'eustorage'") == ["\(new)"])
      #expect(try await fixture.texts("SELECT state FROM jobs") == ["queued"])
      #expect(try await catalog.attempts(of: job.id, limit: 5).isEmpty)
    }
  }

  @Test("retry takes what is parked, lost or waiting after a failure, of one target or all, up to a limit")
  func retries() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      for (text, verdict) in [
        ("a", FailureVerdict.park), ("b", .park), ("c", .sourceLost), ("d", .retry(after: .seconds(600))),
      ] {
        for job in try await catalog.claimJobs(
          ids: try await fixture.push(text).jobs.map(\.id), worker: "w", lease: .seconds(60))
        {
          #expect(try await catalog.failJob(job, error: "e \(text)", verdict: verdict))
        }
      }
      try await fixture.push("never tried")
      #expect(try await catalog.retryJobs(target: fixture.us, states: JobState.allCases, limit: 9).isEmpty)
      #expect(try await catalog.retryJobs(target: fixture.eu, states: [.parked], limit: 1).count == 1)
      #expect(try await catalog.retryJobs(target: fixture.eu, states: [.parked], limit: 9).count == 1)
      let lost = try await catalog.retryJobs(target: nil, states: [.sourceLost], limit: 9)
      #expect(Set(lost.map(\.target)) == [fixture.eu, fixture.ap])
      #expect(try await catalog.retryJobs(target: nil, states: [.queued], limit: 9).count == 2)
      #expect(try await catalog.retryJobs(target: nil, states: JobState.allCases, limit: 9).count == 2)
      #expect(try await catalog.retryJobs(target: nil, states: JobState.allCases, limit: 9).isEmpty)
      #expect(
        try await fixture.number(
          "SELECT count(*) FROM jobs WHERE state <> 'queued' OR attempts > 0 OR is_delayed = 1 OR not_before > now_ms()"
        )
          == 0)
      #expect(try await fixture.texts("SELECT DISTINCT last_error FROM jobs WHERE last_error IS NOT NULL").count == 4)
    }
  }
}
