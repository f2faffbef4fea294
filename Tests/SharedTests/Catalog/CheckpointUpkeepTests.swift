import Postgres
import Shared
import TestSupport
import Testing

@Suite("Checkpoints nobody goes on with", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct CheckpointUpkeepTests {
  private func claim(_ fixture: CatalogFixture, _ ids: [JobID], worker: String = "w") async throws -> ReplicationJob? {
    try await fixture.catalog.claimJobs(ids: ids, worker: worker, lease: .seconds(60)).first
  }

  private func part(_ number: Int) -> UploadPartRecord {
    UploadPartRecord(number: number, sizeBytes: 8 << 20, tag: "tag \(number)")
  }

  @Test("an object that a worker without its lease completed is not given up under the one that goes on with it (I2)")
  func zombieCompletes() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let ids = try await fixture.push("layer", required: [fixture.eu]).jobs.map(\.id)
      let zombie = try #require(try await claim(fixture, ids))
      let key = try fixture.freshKey()
      let begun = CopyCheckpoint(
        key: key, multipartID: "m", partBytes: 8, offsetBytes: 0, hashState: [1], parts: [])
      #expect(try await catalog.beginCheckpoint(begun, of: zombie))
      try await fixture.expireLeases()
      let heir = try #require(try await claim(fixture, ids, worker: "heir"))
      #expect(try await catalog.completeJobs([fixture.completion(zombie, key: key)]) == [heir.id: .leaseLost])
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 0)
      #expect(try await catalog.checkpoint(of: heir) == begun)
      #expect(try await catalog.completeJobs([fixture.completion(heir, key: key)]) == [heir.id: .placed])
      #expect(try await catalog.completeJobs([fixture.completion(zombie, key: key)]) == [heir.id: .placed])
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 0)
    }
  }

  @Test("a push that brings the blob itself leaves a checkpoint behind, which housekeeping clears")
  func overtaken() async throws {
    try await CatalogFixture.with { fixture in
      let ids = try await fixture.push("layer", required: [fixture.eu]).jobs.map(\.id)
      let job = try #require(try await claim(fixture, ids))
      let checkpoint = CopyCheckpoint(
        key: try fixture.freshKey(), multipartID: "m", partBytes: 8, offsetBytes: 0, hashState: [7], parts: [])
      #expect(try await fixture.catalog.beginCheckpoint(checkpoint, of: job))
      #expect(try await fixture.catalog.checkpoint(of: job) == checkpoint)
      #expect(
        try await fixture.catalog.advanceCheckpoint(of: job, adding: [part(1)], offsetBytes: 8, hashState: [8]))
      #expect(try await fixture.catalog.dropIdleCheckpoints(limit: 10) == 0)
      #expect(try await fixture.catalog.releaseJobs([job]) == [job.id])
      try await fixture.push("layer", location: fixture.eu, required: [])
      #expect(try await fixture.catalog.dropIdleCheckpoints(limit: 10) == 1)
      #expect(try await fixture.catalog.dropIdleCheckpoints(limit: 10) == 0)
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions WHERE multipart_id = 'm'") == 1)
    }
  }
}
