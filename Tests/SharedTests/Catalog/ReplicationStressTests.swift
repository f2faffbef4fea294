import Postgres
import Shared
import Synchronization
import TestSupport
import Testing

@Suite("Catalog under everything at once", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct ReplicationStressTests {
  /// Every key somebody wrote an object under.
  private final class WrittenKeys: Sendable {
    let keys = Mutex<Set<String>>([])

    func record(_ key: ObjectKey) -> ObjectKey {
      _ = keys.withLock { $0.insert(key.description) }
      return key
    }
  }

  @Test("pushes, copies, zombies and quarantines of the same blobs at once end with every copy and nothing leaked")
  func everythingAtOnce() async throws {
    try await CatalogFixture.with(poolSize: 8) { fixture in
      let written = WrittenKeys()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<3 { group.addTask { try await push(fixture, written, rounds: 25) } }
        for worker in 0..<3 { group.addTask { try await replicate(fixture, written, worker: worker, rounds: 40) } }
        group.addTask { try await disturb(fixture, rounds: 20) }
        try await group.waitForAll()
      }
      // The faults have stopped: one worker alone finishes what is left (I6).
      try await fixture.expireLeases()
      _ = try await fixture.client.query("UPDATE jobs SET not_before = 0 WHERE state = 'queued'")
      while try await copyOnce(fixture, written, worker: "last", targets: [fixture.us, fixture.eu, fixture.ap]) {}
      #expect(
        try await fixture.number(
          """
          SELECT count(*) FROM blobs b CROSS JOIN locations l WHERE NOT EXISTS
            (SELECT 1 FROM placements p WHERE p.blob = b.id AND p.location = l.id AND p.state = 'verified')
          """) == 0)
      #expect(try await fixture.number("SELECT count(*) FROM jobs WHERE state <> 'done'") == 0)
      try await TallyTests.expectTrue(fixture)
      let placed = Set(try await fixture.texts("SELECT object_key FROM placements"))
      let surplus = Set(try await fixture.texts("SELECT object_key FROM object_deletions"))
      #expect(placed.isDisjoint(with: surplus))
      let leaked = written.keys.withLock { $0 }.subtracting(placed).subtracting(surplus)
      #expect(leaked == [])
      #expect(
        try await fixture.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0)
    }
  }

  /// Who works on what at this moment.
  private final class Bench: Sendable {
    private let state = Mutex<(working: Set<JobID>, copied: [String: Int], collisions: Int)>(([], [:], 0))

    func begin(_ jobs: [ReplicationJob]) {
      state.withLock { state in for job in jobs where !state.working.insert(job.id).inserted { state.collisions += 1 } }
    }

    func end(_ jobs: [ReplicationJob]) {
      state.withLock { state in
        for job in jobs {
          state.working.remove(job.id)
          state.copied[job.namespace, default: 0] += 1
        }
      }
    }

    /// Ends work that came to nothing.
    func forget(_ jobs: [ReplicationJob]) {
      state.withLock { state in for job in jobs { state.working.remove(job.id) } }
    }

    var collisions: Int { state.withLock { $0.collisions } }
    var copied: [String: Int] { state.withLock { $0.copied } }
  }

  @Test(
    "eight workers on one target, many namespaces, failures and both classes: no job twice at a time, all done once")
  func fairWorkersTogether() async throws {
    try await CatalogFixture.with(poolSize: 8) { fixture in
      let sizes = ["greedy": 240, "b": 40, "c": 40, "d": 7, "e": 1, "": 12]
      for (namespace, count) in sizes {
        _ = try await fixture.client.query(
          """
          WITH made AS (
            INSERT INTO blobs (digest, size)
            SELECT 'sha256:' || md5('\(namespace)' || n) || md5(n::text), CASE WHEN n % 4 = 0 THEN 9000000 ELSE n END
            FROM generate_series(1, \(count)) n RETURNING id, size
          ), placed AS (
            INSERT INTO placements (blob, location, object_key) SELECT id, 'usstorage', 'k/' || id FROM made
          )
          INSERT INTO jobs (blob, target, lane, size, namespace, created_at)
          SELECT id, 'eustorage', id % 3, size, '\(namespace)', now_ms() - 1000 * id FROM made
          """)
      }
      let bench = Bench()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<8 {
          group.addTask { try await work(fixture, bench, jobClass: number < 6 ? .small : .large, worker: "w\(number)") }
        }
        group.addTask { for _ in 0..<40 { _ = try await fixture.catalog.foldTallies(limit: 20) } }
        try await group.waitForAll()
      }
      #expect(bench.collisions == 0)
      #expect(bench.copied == sizes)
      #expect(try await fixture.number("SELECT count(*) FROM jobs WHERE state <> 'done'") == 0)
      #expect(try await fixture.number("SELECT count(*) FROM job_attempts WHERE outcome = 'placed'") == 340)
      #expect(try await fixture.number("SELECT count(*) FROM job_attempts WHERE outcome = 'failed'") == 340 / 5)
      try await TallyTests.expectTrue(fixture)
      #expect(
        try await fixture.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0)
    }
  }

  /// Claims and copies until nothing is left of the class; every fifth job fails once.
  private func work(_ fixture: CatalogFixture, _ bench: Bench, jobClass: JobClass, worker: String) async throws {
    var namespace = ""
    while true {
      let claimed = try await fixture.catalog.claimDueJobs(
        target: fixture.eu, class: jobClass, after: namespace, limit: 5, olderThan: .zero, worker: worker,
        lease: .seconds(600))
      namespace = claimed.lastNamespace
      bench.begin(claimed.jobs)
      let failing = claimed.jobs.filter { $0.id.rawValue.isMultiple(of: 5) && $0.attempt == 1 }
      let fine = claimed.jobs.filter { !failing.contains($0) }
      bench.end(fine)
      bench.forget(failing)
      for job in failing {
        _ = try await fixture.catalog.failJob(job, error: "503", verdict: .retry(after: .milliseconds(1)))
      }
      _ = try await fixture.catalog.completeJobs(
        try fine.map { fixture.completion($0, key: try fixture.freshKey()) })
      if claimed.jobs.isEmpty {
        let isLarge = jobClass == .large ? 1 : 0
        let open = try await fixture.number(
          "SELECT count(*) FROM jobs WHERE is_large = \(isLarge) AND state IN ('queued', 'leased')")
        if open == 0 { return }
      }
    }
  }

  private func push(_ fixture: CatalogFixture, _ written: WrittenKeys, rounds: Int) async throws {
    for round in 0..<rounds {
      let location = [fixture.us, fixture.eu, fixture.ap][round % 3]
      try await fixture.push("blob \(round % 7)", key: written.record(try fixture.freshKey()), location: location)
    }
  }

  private func replicate(
    _ fixture: CatalogFixture, _ written: WrittenKeys, worker: Int, rounds: Int
  ) async throws {
    for _ in 0..<rounds {
      _ = try await copyOnce(fixture, written, worker: "w\(worker)", targets: [fixture.us, fixture.eu, fixture.ap])
    }
  }

  /// Claims a few jobs, fails or releases some of them and reports the others, some of them twice.
  private func copyOnce(
    _ fixture: CatalogFixture, _ written: WrittenKeys, worker: String, targets: [LocationID]
  ) async throws -> Bool {
    var jobs: [ReplicationJob] = []
    for target in targets where jobs.isEmpty {
      jobs = try await fixture.catalog.claimDueJobs(
        target: target, class: .small, after: "", limit: 3, olderThan: .zero, worker: worker, lease: .seconds(60)
      ).jobs
    }
    var done: [JobCompletion] = []
    for job in jobs {
      if let standing = job.placementAtTarget {
        done.append(fixture.completion(job, key: standing.key))
      } else if worker != "last", job.id.rawValue.isMultiple(of: 5), job.attempt == 1 {
        _ = try await fixture.catalog.failJob(job, error: "503", verdict: .retry(after: .milliseconds(1)))
      } else {
        done.append(fixture.completion(job, key: written.record(try fixture.freshKey())))
      }
    }
    _ = try await fixture.catalog.completeJobs(done)
    _ = try await fixture.catalog.completeJobs(done)
    return !jobs.isEmpty
  }

  /// Lets leases run out under the workers' feet and quarantines placements.
  private func disturb(_ fixture: CatalogFixture, rounds: Int) async throws {
    for _ in 0..<rounds {
      try await fixture.expireLeases()
      let blobs = try await fixture.texts("SELECT id FROM blobs ORDER BY random() LIMIT 1")
      for blob in blobs.compactMap(Int64.init).map(BlobID.init(rawValue:)) {
        for placement in try await fixture.catalog.placements(of: [blob])[blob] ?? [] {
          _ = try await fixture.catalog.quarantine(placement, of: blob, reason: "disturbed")
        }
      }
    }
  }
}
