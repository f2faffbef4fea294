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
      let placed = Set(try await fixture.texts("SELECT object_key FROM placements"))
      let surplus = Set(try await fixture.texts("SELECT object_key FROM object_deletions"))
      #expect(placed.isDisjoint(with: surplus))
      let leaked = written.keys.withLock { $0 }.subtracting(placed).subtracting(surplus)
      #expect(leaked == [])
      #expect(
        try await fixture.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0)
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
    let jobs = try await fixture.catalog.claimDueJobs(
      targets: targets, olderThan: .zero, limit: 3, worker: worker, lease: .seconds(60))
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
