import Postgres
import Shared
import TestSupport
import Testing

/// A test without a server is skipped; in CI it fails instead (`CatalogFixture.isEnabled`).
@Suite("Push commit", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct PushCommitTests {
  @Test("a commit writes blob, placement, link and a job for each other required location (I5)")
  func commitsEverything() async throws {
    try await CatalogFixture.with { fixture in
      let key = try fixture.freshKey()
      let committed = try await fixture.push("layer", key: key)
      #expect(committed.supersededKey == nil)
      #expect(Set(committed.jobs.map(\.target)) == [fixture.eu, fixture.ap])
      #expect(committed.jobs.allSatisfy { $0.lane == .normal })
      guard case .found(let record) = try await fixture.catalog.blob(fixture.digest("layer"), in: fixture.name) else {
        Issue.record("the blob is not found")
        return
      }
      #expect(record.sizeBytes == 5)
      #expect(record.placements == [Placement(location: fixture.us, key: key)])
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 0)
    }
  }

  @Test("the same digest again: the second object is surplus and on record for deletion, its link is made")
  func secondPushIsSurplus() async throws {
    try await CatalogFixture.with { fixture in
      let (first, second) = (try fixture.freshKey(), try fixture.freshKey())
      let one = try await fixture.push("layer", key: first)
      let other = try await fixture.catalog.ensureRepository(try RepositoryName(parsing: "other"))
      let two = try await fixture.push("layer", key: second, repository: other)
      #expect(two.blob == one.blob)
      #expect(two.supersededKey == second)
      #expect(two.jobs.isEmpty)
      #expect(try await fixture.isOnRecordForDeletion(second))
      #expect(try await fixture.isOnRecordForDeletion(first) == false)
      let again = try await fixture.push("layer", key: first)
      #expect(again.supersededKey == nil)
    }
  }

  @Test("a push heals a quarantined placement and closes the job that would have")
  func pushHeals() async throws {
    try await CatalogFixture.with { fixture in
      let (bad, good) = (try fixture.freshKey(), try fixture.freshKey())
      let pushed = try await fixture.push("layer", key: bad)
      let opened = try await fixture.catalog.quarantine(
        Placement(location: fixture.us, key: bad), of: pushed.blob, reason: "404")
      #expect(opened.map(\.target) == [fixture.us])
      #expect(opened.map(\.lane) == [.urgent])
      let healed = try await fixture.push("layer", key: good)
      #expect(healed.supersededKey == nil)
      let placements = try await fixture.catalog.placements(of: [pushed.blob])
      #expect(placements[pushed.blob] == [Placement(location: fixture.us, key: good)])
      #expect(try await fixture.isOnRecordForDeletion(bad))
      #expect(
        try await fixture.texts("SELECT state FROM jobs WHERE target = 'usstorage'") == ["done"])
    }
  }

  @Test("a push opens done, parked and source-lost jobs again where the copy is missing, and leaves leased ones")
  func reopensJobs() async throws {
    try await CatalogFixture.with { fixture in
      let pushed = try await fixture.push("layer", required: [fixture.eu])
      let job = try #require(pushed.jobs.first)
      for state in ["done", "parked", "source_lost"] {
        _ = try await fixture.client.query("UPDATE jobs SET state = $1, attempts = 7", [.text(state)])
        let again = try await fixture.push("layer", required: [fixture.eu])
        #expect(again.jobs == [job])
        #expect(try await fixture.number("SELECT attempts FROM jobs") == 0)
      }
      let claimed = try await fixture.catalog.claimJobs(ids: [job.id], worker: "w", lease: .seconds(60))
      #expect(claimed.count == 1)
      #expect(try await fixture.push("layer", required: [fixture.eu]).jobs.isEmpty)
      #expect(try await fixture.texts("SELECT state FROM jobs") == ["leased"])
    }
  }

  @Test("a failing commit leaves nothing behind: unknown location, unknown repository, key of another blob")
  func failsWhole() async throws {
    try await CatalogFixture.with { fixture in
      let nowhere = try LocationID(parsing: "nowhere")
      await #expect(throws: CatalogError.conflict(.locationUnknown)) {
        try await fixture.push("a", location: nowhere)
      }
      await #expect(throws: CatalogError.conflict(.locationUnknown)) {
        try await fixture.push("b", required: [fixture.us, nowhere])
      }
      await #expect(throws: CatalogError.conflict(.repositoryUnknown)) {
        try await fixture.push("c", repository: RepositoryID(rawValue: 999_999))
      }
      #expect(try await fixture.number("SELECT count(*) FROM blobs") == 0)
      let key = try fixture.freshKey()
      try await fixture.push("d", key: key)
      await #expect(throws: CatalogError.conflict(.keyInUse)) { try await fixture.push("e", key: key) }
      #expect(try await fixture.number("SELECT count(*) FROM blobs") == 1)
    }
  }

  @Test("fifty clients push the same blob at once: all succeed, one placement, one job a location")
  func concurrentPushes() async throws {
    try await CatalogFixture.with(poolSize: 8) { fixture in
      let results = try await withThrowingTaskGroup(of: CommittedBlob.self) { group in
        for _ in 0..<50 { group.addTask { try await fixture.push("same") } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(results.count == 50)
      #expect(Set(results.map(\.blob)).count == 1)
      #expect(results.filter { $0.supersededKey == nil }.count == 1)
      #expect(try await fixture.number("SELECT count(*) FROM placements") == 1)
      #expect(try await fixture.number("SELECT count(*) FROM jobs") == 2)
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 49)
    }
  }

  @Test("mount links without bytes; it refuses what the source does not link and what has no good copy")
  func mounts() async throws {
    try await CatalogFixture.with { fixture in
      let key = try fixture.freshKey()
      let pushed = try await fixture.push("layer", key: key)
      let target = try RepositoryName(parsing: "fresh/copy")
      let digest = fixture.digest("layer")
      #expect(try await fixture.catalog.blob(digest, in: target) == .repositoryUnknown)
      let mounted = try await fixture.catalog.linkBlob(digest, from: fixture.name, to: target, linkLease: .seconds(60))
      #expect(mounted?.blob.placements.map(\.key) == [key])
      guard case .found = try await fixture.catalog.blob(digest, in: target) else {
        Issue.record("the mounted blob is not found")
        return
      }
      let elsewhere = try RepositoryName(parsing: "else/where")
      #expect(
        try await fixture.catalog.linkBlob(
          fixture.digest("unknown"), from: fixture.name, to: elsewhere, linkLease: .seconds(60)) == nil)
      #expect(try await fixture.catalog.repository(elsewhere) == nil)
      _ = try await fixture.catalog.quarantine(
        Placement(location: fixture.us, key: key), of: pushed.blob, reason: "gone")
      #expect(
        try await fixture.catalog.linkBlob(digest, from: fixture.name, to: elsewhere, linkLease: .seconds(60)) == nil)
    }
  }
}
