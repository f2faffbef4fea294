import Postgres
import Shared
import TestSupport
import Testing

@Suite("Replication jobs", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct JobTests {
  private let lease = Duration.seconds(60)

  @Test("a claimed job carries everything a worker needs; the copy becomes the placement")
  func copies() async throws {
    try await CatalogFixture.with { fixture in
      let key = try fixture.freshKey()
      let pushed = try await fixture.push("layer", key: key, required: [fixture.eu])
      let jobs = try await fixture.catalog.claimJobs(ids: pushed.jobs.map(\.id), worker: "w1", lease: lease)
      let job = try #require(jobs.first)
      #expect(job.digest == fixture.digest("layer"))
      #expect(job.sizeBytes == 5)
      #expect(job.attempt == 1)
      #expect(job.sources == [Placement(location: fixture.us, key: key)])
      #expect(job.placementAtTarget == nil)
      let copy = try fixture.freshKey()
      #expect(try await fixture.catalog.completeJobs([fixture.completion(job, key: copy)]) == [job.id: .placed])
      #expect(
        try await fixture.catalog.placements(of: [job.blob])[job.blob]
          == [Placement(location: fixture.eu, key: copy), Placement(location: fixture.us, key: key)])
      #expect(try await fixture.catalog.claimJobs(ids: [job.id], worker: "w1", lease: lease).isEmpty)
      // The same report again, as after a lost reply, is the same answer; nothing is put up for deletion (I9).
      #expect(try await fixture.catalog.completeJobs([fixture.completion(job, key: copy)]) == [job.id: .placed])
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 0)
    }
  }

  @Test("eight claimers at once share the jobs and take none twice, by id and without the queue")
  func exclusiveClaims() async throws {
    try await CatalogFixture.with(poolSize: 8) { fixture in
      var ids: [JobID] = []
      for number in 0..<60 {
        ids += try await fixture.push("blob \(number)", required: [fixture.eu]).jobs.map(\.id)
      }
      let all = ids
      let claimed = try await withThrowingTaskGroup(of: [ReplicationJob].self) { group in
        for worker in 0..<8 {
          group.addTask {
            var mine: [ReplicationJob] = []
            mine += try await fixture.catalog.claimJobs(
              ids: Array(all.shuffled().prefix(20)), worker: "w\(worker)", lease: .seconds(60))
            while true {
              let more = try await fixture.claimDue(at: fixture.eu, limit: 5, worker: "w\(worker)")
              if more.isEmpty { return mine }
              mine += more
            }
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(claimed.count == 60)
      #expect(Set(claimed.map(\.id)) == Set(all))
    }
  }

  @Test("an expired lease is claimed again with a new token; the zombie can neither complete nor fail nor extend (I9)")
  func zombies() async throws {
    try await CatalogFixture.with { fixture in
      let pushed = try await fixture.push("layer", required: [fixture.eu])
      let ids = pushed.jobs.map(\.id)
      let zombie = try #require(try await fixture.catalog.claimJobs(ids: ids, worker: "z", lease: lease).first)
      #expect(try await fixture.catalog.claimJobs(ids: ids, worker: "w", lease: lease).isEmpty)
      try await fixture.expireLeases()
      let due = try await fixture.claimDue(at: fixture.eu, limit: 5, olderThan: .seconds(600))
      let job = try #require(due.first)
      #expect(job.id == zombie.id)
      #expect(job.rescues == 1)
      #expect(job.attempt == 1)
      let (late, good) = (try fixture.freshKey(), try fixture.freshKey())
      #expect(try await fixture.catalog.extendLeases([zombie], lease: lease).isEmpty)
      #expect(try await fixture.catalog.releaseJobs([zombie]).isEmpty)
      #expect(try await fixture.catalog.failJob(zombie, error: "late", verdict: .sourceLost) == false)
      #expect(try await fixture.catalog.completeJobs([fixture.completion(zombie, key: late)]) == [job.id: .leaseLost])
      #expect(try await fixture.isOnRecordForDeletion(late))
      #expect(try await fixture.texts("SELECT state FROM jobs") == ["leased"])
      #expect(try await fixture.catalog.completeJobs([fixture.completion(job, key: good)]) == [job.id: .placed])
      #expect(try await fixture.catalog.completeJobs([fixture.completion(zombie, key: late)]) == [job.id: .leaseLost])
      let placements = try await fixture.catalog.placements(of: [job.blob])
      #expect(placements[job.blob]?.first { $0.location == fixture.eu }?.key == good)
    }
  }

  @Test("a copy that finds a verified placement is surplus; a batch mixes outcomes; deleted blobs are lost leases")
  func mixedBatch() async throws {
    try await CatalogFixture.with { fixture in
      var jobs: [ReplicationJob] = []
      for text in ["a", "b", "gone"] {
        let pushed = try await fixture.push(text, required: [fixture.eu])
        jobs += try await fixture.catalog.claimJobs(ids: pushed.jobs.map(\.id), worker: "w", lease: lease)
      }
      let direct = try fixture.freshKey()
      try await fixture.push("b", key: direct, location: fixture.eu)
      for table in ["repository_blobs", "placements"] {
        _ = try await fixture.client.query("DELETE FROM \(table) WHERE blob = $1", [.int(jobs[2].blob.rawValue)])
      }
      _ = try await fixture.client.query("DELETE FROM blobs WHERE id = $1", [.int(jobs[2].blob.rawValue)])
      let keys = try jobs.map { _ in try fixture.freshKey() }
      let outcomes = try await fixture.catalog.completeJobs(zip(jobs, keys).map { fixture.completion($0, key: $1) })
      #expect(
        outcomes == [
          jobs[0].id: .placed, jobs[1].id: .alreadyPlaced(existing: direct), jobs[2].id: .leaseLost,
        ])
      #expect(try await fixture.isOnRecordForDeletion(keys[0]) == false)
      #expect(try await fixture.isOnRecordForDeletion(keys[1]))
      #expect(try await fixture.isOnRecordForDeletion(keys[2]))
      #expect(try await fixture.number("SELECT count(*) FROM jobs WHERE state = 'done'") == 2)
    }
  }

  @Test("a worker that lost a lease and has the job again may report both copies at once: one is placed, one surplus")
  func bothReports() async throws {
    try await CatalogFixture.with { fixture in
      let ids = try await fixture.push("layer", required: [fixture.eu]).jobs.map(\.id)
      let first = try #require(try await fixture.catalog.claimJobs(ids: ids, worker: "w", lease: lease).first)
      try await fixture.expireLeases()
      let second = try #require(try await fixture.catalog.claimJobs(ids: ids, worker: "w", lease: lease).first)
      let (lost, good) = (try fixture.freshKey(), try fixture.freshKey())
      let done = [fixture.completion(first, key: lost), fixture.completion(second, key: good)]
      #expect(try await fixture.catalog.completeJobs(done) == [second.id: .placed])
      #expect(try await fixture.isOnRecordForDeletion(lost))
      #expect(try await fixture.isOnRecordForDeletion(good) == false)
    }
  }

  @Test("a copy quarantined between claim and report does not become good again by the report")
  func quarantinedMeanwhile() async throws {
    try await CatalogFixture.with { fixture in
      let pushed = try await fixture.push("layer", required: [fixture.eu])
      let copy = try fixture.freshKey()
      try await fixture.push("layer", key: copy, location: fixture.eu, required: [])
      _ = try await fixture.client.query("UPDATE jobs SET state = 'queued'")
      let claimed = try await fixture.catalog.claimJobs(ids: pushed.jobs.map(\.id), worker: "w", lease: lease)
      let job = try #require(claimed.first)
      #expect(job.placementAtTarget?.key == copy)
      _ = try await fixture.catalog.quarantine(
        Placement(location: fixture.eu, key: copy), of: job.blob, reason: "rotten")
      #expect(try await fixture.catalog.completeJobs([fixture.completion(job, key: copy)]) == [job.id: .placed])
      #expect(try await fixture.texts("SELECT state FROM placements WHERE location = 'eustorage'") == ["quarantined"])
      #expect(try await fixture.texts("SELECT state FROM jobs") == ["queued"])
    }
  }

  @Test("a failure counts and waits by the database's clock; a release neither counts nor waits")
  func failuresAndReleases() async throws {
    try await CatalogFixture.with { fixture in
      let ids = try await fixture.push("layer", required: [fixture.eu]).jobs.map(\.id)
      func claim() async throws -> ReplicationJob? {
        try await fixture.catalog.claimJobs(ids: ids, worker: "w", lease: .seconds(60)).first
      }
      let first = try #require(try await claim())
      #expect(try await fixture.catalog.releaseJobs([first]) == [first.id])
      let second = try #require(try await claim())
      #expect(second.attempt == 1)
      #expect(second.rescues == 0)
      #expect(try await fixture.catalog.extendLeases([second, first], lease: .seconds(600)) == [second.id])
      #expect(try await fixture.catalog.failJob(second, error: "503", verdict: .retry(after: .seconds(100))))
      #expect(try await claim() == nil)
      let wait = try await fixture.number("SELECT not_before - now_ms() FROM jobs")
      #expect((95_000...100_000).contains(wait))
      _ = try await fixture.client.query("UPDATE jobs SET not_before = now_ms()")
      let third = try #require(try await claim())
      #expect(third.attempt == 2)
      #expect(try await fixture.catalog.failJob(third, error: "no source", verdict: .sourceLost))
      let status = try await fixture.catalog.replicationStatus()
      #expect(status.first { $0.location == fixture.eu }?.sourceLost == 1)
      #expect(status.first { $0.location == fixture.us }?.placements == 1)
    }
  }
}
