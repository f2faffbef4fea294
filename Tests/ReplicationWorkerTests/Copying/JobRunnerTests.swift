import Logging
import Postgres
import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("Every attempt ends in the database (I5, I6)", .enabled(if: CatalogFixture.isEnabled))
struct JobRunnerTests {
  /// A worker of the eu location over a real catalog and stores in memory.
  private struct Worker {
    let stores: CopyFixture
    let catalog: CatalogFixture
    let runner: JobRunner

    init(_ catalog: CatalogFixture, trust: PutTrust = PutTrust()) throws {
      var stores = try CopyFixture(link: .init(initial: 2, maximum: 2))
      stores.policy.windowParts = 4
      self.stores = stores
      self.catalog = catalog
      runner = Self.runner(stores, catalog, trust: trust)
    }

    static func runner(
      _ stores: CopyFixture, _ catalog: CatalogFixture, trust: PutTrust = PutTrust()
    ) -> JobRunner {
      let other = stores.anotherWorker.context
      let context = CopyContext(
        target: other.target, stores: other.stores, preference: other.preference, records: catalog.catalog,
        limits: other.limits, links: other.links, trust: trust, policy: other.policy, pause: other.pause,
        logger: other.logger)
      return JobRunner(
        copier: BlobCopier(context: context), catalog: catalog.catalog,
        completions: CompletionBatcher(catalog: catalog.catalog) { _ in }, retry: RetryPolicy(),
        metrics: WorkerMetrics(registry: MetricsRegistry()), logger: context.logger)
    }

    /// Pushes a blob at us, with `stored` in place of its bytes, and claims the copy to eu.
    func claim(_ text: String, stored: String? = nil) async throws -> ReplicationJob {
      let key = try catalog.freshKey()
      _ = try await stores.us.base.put(
        key, bytes: Array((stored ?? text).utf8), attributes: ObjectAttributes())
      return try await claim(try await catalog.push(text, key: key, required: [catalog.us, catalog.eu]))
    }

    func claim(_ blob: CommittedBlob) async throws -> ReplicationJob {
      try #require(
        try await catalog.catalog.claimJobs(ids: blob.jobs.map(\.id), worker: "w", lease: .seconds(60)).first)
    }

    func claimAgain(_ job: ReplicationJob, releasing: Bool = false) async throws -> ReplicationJob {
      if releasing { _ = try await catalog.catalog.releaseJobs([job]) }
      _ = try await catalog.client.query("UPDATE jobs SET not_before = 0 WHERE id = $1", [.int(job.id.rawValue)])
      return try #require(
        try await catalog.catalog.claimJobs(ids: [job.id], worker: "w2", lease: .seconds(60)).first)
    }

    func state(of job: ReplicationJob) async throws -> String? {
      try await catalog.texts("SELECT state FROM jobs WHERE id = $1", [.int(job.id.rawValue)]).first
    }
  }

  private static let large = String(repeating: "abcdefgh", count: 100_000)

  @Test(arguments: ["small", Self.large])
  func aCopyBecomesAPlacement(text: String) async throws {
    try await CatalogFixture.with { fixture in
      let worker = try Worker(fixture)
      let job = try await worker.claim(text)
      await worker.runner.run(job)
      #expect(try await worker.state(of: job) == "done")
      let placements = try await fixture.catalog.placements(of: [job.blob])[job.blob] ?? []
      let placed = try #require(placements.first { $0.location == fixture.eu })
      #expect(try await worker.stores.stored(placed.key) == Array(text.utf8))
      #expect(try await fixture.number("SELECT count(*) FROM copy_checkpoints") == 0)
      #expect(try await fixture.number("SELECT bytes_read FROM jobs WHERE id = \(job.id.rawValue)") == job.sizeBytes)
    }
  }

  @Test func aStoppedWorkerGivesTheJobBackAndTheNextGoesOn() async throws {
    try await CatalogFixture.with { fixture in
      let worker = try Worker(fixture)
      let job = try await worker.claim(Self.large)
      let gate = Gate()
      worker.stores.eu.before { call async throws(StorageError) in if call == .part(9) { await gate.pass() } }
      let running = Task { await worker.runner.run(job) }
      try await untilTrue { gate.waiting == 1 }
      running.cancel()
      gate.open()
      await running.value
      #expect(try await worker.state(of: job) == "queued")
      #expect(try await fixture.number("SELECT attempts FROM jobs WHERE id = \(job.id.rawValue)") == 0)
      let offset = try await fixture.number("SELECT offset_bytes FROM copy_checkpoints")
      // The ninth part is admitted once no more than three before it are outside of the checkpoint.
      #expect(offset >= 5 * CopyFixture.partBytes)
      let again = try await worker.claimAgain(job)
      let before = worker.stores.us.bytesServed
      await Worker.runner(worker.stores, fixture).run(again)
      #expect(try await worker.state(of: job) == "done")
      #expect(worker.stores.us.bytesServed - before == job.sizeBytes - offset)
    }
  }

  @Test(arguments: ["small", Self.large])
  func theLastCopyIsNotPutAsideOnTheWordOfAReaderFarAway(text: String) async throws {
    try await CatalogFixture.with { fixture in
      let worker = try Worker(fixture)
      let job = try await worker.claim(text, stored: "X" + text.dropFirst())
      await worker.runner.run(job)
      #expect(try await worker.state(of: job) == "queued")
      let placements = try await fixture.catalog.placements(of: [job.blob])[job.blob] ?? []
      #expect(placements.map(\.state) == [.verified])
      // Nothing wrong was completed, and what was begun is on record for deletion.
      #expect(worker.stores.eu.base.keys.isEmpty)
      #expect(try await fixture.number("SELECT count(*) FROM copy_checkpoints") == 0)
    }
  }

  @Test func aCopyWithWrongBytesIsPutAsideWhereAnotherIsLeft() async throws {
    try await CatalogFixture.with { fixture in
      let worker = try Worker(fixture)
      let pushed = try await worker.claim("layer", stored: "Xayer")
      let good = try fixture.freshKey()
      _ = try await worker.stores.ap.base.put(good, bytes: Array("layer".utf8), attributes: ObjectAttributes())
      _ = try await fixture.push("layer", key: good, location: fixture.ap, required: [])
      let job = try await worker.claimAgain(pushed, releasing: true)
      await worker.runner.run(job)
      #expect(try await worker.state(of: job) == "done")
      let placements = try await fixture.catalog.placements(of: [job.blob])[job.blob] ?? []
      let aside = placements.filter { $0.state == .quarantined }
      #expect(aside.map(\.location) == [fixture.us])
    }
  }

  @Test func aLossIsLoudAndWhatWasPutAsideHealsOnceItIsRightAgain() async throws {
    try await CatalogFixture.with { fixture in
      let worker = try Worker(fixture)
      let job = try await worker.claim("layer")
      let key = try #require(job.sources.first?.key)
      try await worker.stores.us.base.delete(key)
      await worker.runner.run(job)
      #expect(try await worker.state(of: job) == "source_lost")
      let placements = try await fixture.catalog.placements(of: [job.blob])[job.blob] ?? []
      #expect(placements.map(\.state) == [.quarantined])
      _ = try await worker.stores.us.base.put(key, bytes: Array("layer".utf8), attributes: ObjectAttributes())
      _ = try await fixture.catalog.retryJobs(target: nil, states: [.sourceLost], limit: 10)
      await worker.runner.run(try await worker.claimAgain(job))
      #expect(try await worker.state(of: job) == "done")
    }
  }

  @Test func whatALyingStoreWasTrustedWithIsLookedAt() async throws {
    try await CatalogFixture.with { fixture in
      let worker = try Worker(fixture, trust: PutTrust(limits: .init(proving: 1, sample: 3, remembered: 10)))
      let eu = worker.stores.eu.base
      await worker.runner.run(try await worker.claim("proof"))
      worker.stores.eu.afterPut { key in try? await eu.delete(key) }
      // Two are taken on trust; the third is looked at.
      var jobs: [ReplicationJob] = []
      for text in ["one", "two", "three"] {
        jobs.append(try await worker.claim(text))
        await worker.runner.run(try #require(jobs.last))
      }
      #expect(try await worker.state(of: jobs[2]) == "queued")
      // Their rows were there, and both are to be made again.
      #expect(
        try await fixture.number(
          "SELECT count(*) FROM placements WHERE state = 'quarantined' AND location = 'eustorage'")
          == 2)
      #expect(
        try await fixture.number("SELECT count(*) FROM jobs WHERE target = 'eustorage' AND state = 'queued'") == 3)
      worker.stores.eu.afterPut { _ in }
      for job in jobs {
        await worker.runner.run(try await worker.claimAgain(job))
        #expect(try await worker.state(of: job) == "done")
      }
    }
  }

  @Test func aFailingTargetIsTriedAgainLaterFromTheCheckpoint() async throws {
    try await CatalogFixture.with { fixture in
      let worker = try Worker(fixture)
      let job = try await worker.claim(Self.large)
      worker.stores.eu.before { call async throws(StorageError) in if call == .part(9) { throw .full } }
      await worker.runner.run(job)
      #expect(try await worker.state(of: job) == "queued")
      #expect(try await fixture.number("SELECT attempts FROM jobs WHERE id = \(job.id.rawValue)") == 1)
      let attempt = try #require(try await fixture.catalog.attempts(of: job.id, limit: 10).first)
      #expect(attempt.source == fixture.us && attempt.bytesRead == worker.stores.us.bytesServed)
      worker.stores.eu.before { _ async throws(StorageError) in }
      let again = try await worker.claimAgain(job)
      await worker.runner.run(again)
      #expect(try await worker.state(of: job) == "done")
      #expect(worker.stores.us.bytesServed <= job.sizeBytes + 4 * CopyFixture.partBytes)
    }
  }

  @Test func aWorkerWhoseLeaseIsLostWritesNothing() async throws {
    try await CatalogFixture.with { fixture in
      let worker = try Worker(fixture)
      let zombie = try await worker.claim(Self.large)
      let gate = Gate()
      worker.stores.eu.before { call async throws(StorageError) in if call == .part(5) { await gate.pass() } }
      let running = Task { await worker.runner.run(zombie) }
      try await untilTrue { gate.waiting == 1 }
      try await fixture.expireLeases()
      let job = try await worker.claimAgain(zombie)
      gate.open()
      await running.value
      #expect(try await worker.state(of: job) == "leased")
      await Worker.runner(worker.stores, fixture).run(job)
      #expect(try await worker.state(of: job) == "done")
      let placements = try await fixture.catalog.placements(of: [job.blob])[job.blob] ?? []
      let placed = try #require(placements.first { $0.location == fixture.eu })
      #expect(try await worker.stores.stored(placed.key) == Array(Self.large.utf8))
    }
  }
}
