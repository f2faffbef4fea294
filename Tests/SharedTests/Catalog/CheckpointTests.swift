import Postgres
import Shared
import TestSupport
import Testing

@Suite(
  "Checkpoints of copies belong to whoever holds the lease (D3, I9)", .enabled(if: CatalogFixture.isEnabled))
struct CheckpointTests {
  private func claimed(_ fixture: CatalogFixture, _ blob: CommittedBlob) async throws -> ReplicationJob {
    let ids = blob.jobs.filter { $0.target == fixture.eu }.map(\.id)
    return try #require(try await fixture.catalog.claimJobs(ids: ids, worker: "w", lease: .seconds(60)).first)
  }

  private func checkpoint(_ fixture: CatalogFixture) throws -> CopyCheckpoint {
    CopyCheckpoint(
      key: try fixture.freshKey(), multipartID: "upload-1", partBytes: 10, offsetBytes: 0, hashState: [1, 2], parts: [])
  }

  private func part(_ number: Int) -> UploadPartRecord {
    UploadPartRecord(number: number, sizeBytes: 10, tag: "\"tag-\(number)\"")
  }

  @Test func growsPartByPartAndIsReadBackWhole() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let job = try await claimed(fixture, try await fixture.push("a"))
      #expect(try await catalog.checkpoint(of: job) == nil)
      let begun = try checkpoint(fixture)
      #expect(try await catalog.beginCheckpoint(begun, of: job))
      #expect(try await catalog.checkpoint(of: job) == begun)
      // An answer that got lost: the same again is harmless.
      #expect(try await catalog.beginCheckpoint(begun, of: job))
      #expect(try await !catalog.beginCheckpoint(try checkpoint(fixture), of: job))
      #expect(
        try await catalog.advanceCheckpoint(of: job, adding: [part(1), part(2)], offsetBytes: 20, hashState: [3]))
      #expect(
        try await catalog.advanceCheckpoint(of: job, adding: [part(2), part(3)], offsetBytes: 30, hashState: [4]))
      let read = try #require(try await catalog.checkpoint(of: job))
      #expect(read.parts == [part(1), part(2), part(3)] && read.offsetBytes == 30 && read.hashState == [4])
      // It never goes back.
      #expect(try await !catalog.advanceCheckpoint(of: job, adding: [], offsetBytes: 10, hashState: [5]))
    }
  }

  @Test func aLostLeaseChangesNothing() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let blob = try await fixture.push("a")
      let zombie = try await claimed(fixture, blob)
      let begun = try checkpoint(fixture)
      #expect(try await catalog.beginCheckpoint(begun, of: zombie))
      try await fixture.expireLeases()
      let job = try await claimed(fixture, blob)
      #expect(job.rescues == 1)
      #expect(try await catalog.checkpoint(of: job) == begun)
      #expect(try await catalog.checkpoint(of: zombie) == nil)
      #expect(try await !catalog.advanceCheckpoint(of: zombie, adding: [part(1)], offsetBytes: 10, hashState: [3]))
      #expect(try await !catalog.dropCheckpoint(of: zombie, reason: "x"))
      #expect(try await catalog.checkpoint(of: job) == begun)
      // Progress shows that the job is not what kills its workers.
      #expect(try await catalog.advanceCheckpoint(of: job, adding: [part(1)], offsetBytes: 10, hashState: [3]))
      #expect(try await fixture.number("SELECT rescues FROM jobs WHERE id = $1", [.int(job.id.rawValue)]) == 0)
    }
  }

  @Test func whatIsDroppedIsOnRecordForDeletion() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let job = try await claimed(fixture, try await fixture.push("a"))
      let begun = try checkpoint(fixture)
      #expect(try await catalog.beginCheckpoint(begun, of: job))
      #expect(try await catalog.advanceCheckpoint(of: job, adding: [part(1)], offsetBytes: 10, hashState: [3]))
      #expect(try await catalog.dropCheckpoint(of: job, reason: "wrong bytes"))
      #expect(try await catalog.checkpoint(of: job) == nil)
      #expect(
        try await fixture.texts("SELECT multipart_id FROM object_deletions ORDER BY multipart_id") == ["", "upload-1"])
      #expect(try await fixture.number("SELECT count(*) FROM copy_parts") == 0)
      #expect(try await catalog.dropCheckpoint(of: job, reason: "again"))
      #expect(try await catalog.beginCheckpoint(try checkpoint(fixture), of: job))
    }
  }

  @Test func aCompletionTakesTheCheckpointAway() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let job = try await claimed(fixture, try await fixture.push("a"))
      let begun = try checkpoint(fixture)
      #expect(try await catalog.beginCheckpoint(begun, of: job))
      _ = try await catalog.completeJobs([fixture.completion(job, key: begun.key)])
      #expect(try await fixture.number("SELECT count(*) FROM copy_checkpoints") == 0)
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 0)

      // A copy that came about otherwise leaves an upload behind.
      let other = try await claimed(fixture, try await fixture.push("b"))
      #expect(try await catalog.beginCheckpoint(try checkpoint(fixture), of: other))
      _ = try await catalog.completeJobs([fixture.completion(other, key: try fixture.freshKey())])
      #expect(
        try await fixture.texts("SELECT multipart_id FROM object_deletions ORDER BY multipart_id") == ["", "upload-1"])
    }
  }

  @Test("an object that a worker without its lease completed is not given up under the one that goes on with it (I2)")
  func zombieCompletes() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let ids = try await fixture.push("layer", required: [fixture.eu]).jobs.map(\.id)
      func claim(_ worker: String) async throws -> ReplicationJob? {
        try await catalog.claimJobs(ids: ids, worker: worker, lease: .seconds(60)).first
      }
      let zombie = try #require(try await claim("zombie"))
      let key = try fixture.freshKey()
      let begun = CopyCheckpoint(
        key: key, multipartID: "m", partBytes: 8, offsetBytes: 0, hashState: [1], parts: [])
      #expect(try await catalog.beginCheckpoint(begun, of: zombie))
      try await fixture.expireLeases()
      let heir = try #require(try await claim("heir"))
      #expect(try await catalog.completeJobs([fixture.completion(zombie, key: key)]) == [heir.id: .leaseLost])
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 0)
      #expect(try await catalog.checkpoint(of: heir) == begun)
      #expect(try await catalog.completeJobs([fixture.completion(heir, key: key)]) == [heir.id: .placed])
      #expect(try await catalog.completeJobs([fixture.completion(zombie, key: key)]) == [heir.id: .placed])
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 0)
    }
  }
}
