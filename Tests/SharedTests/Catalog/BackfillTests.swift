import Postgres
import Shared
import TestSupport
import Testing

@Suite("Backfill", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct BackfillTests {
  private func walk(
    _ fixture: CatalogFixture, scope: BackfillScope = BackfillScope(), isOpening: Bool = true,
    defaults: [LocationID]? = nil
  ) async throws -> (gap: ReplicationGap, opened: Int, listed: [MissingCopy]) {
    var (gap, opened, listed) = (ReplicationGap(), 0, [MissingCopy]())
    var position: BlobID? = BlobID(rawValue: 0)
    while let from = position {
      let step = try await fixture.catalog.backfill(
        after: from, scope: scope, defaultLocations: defaults ?? [fixture.us, fixture.eu], isOpening: isOpening,
        listing: 100)
      gap.add(step.gap)
      opened += step.opened
      listed += step.listed
      position = step.next
    }
    return (gap, opened, listed)
  }

  @Test("orders what is missing, once, and counts it; garbage and what is there already are passed over")
  func opens() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("a", required: [])
      try await fixture.push("bb", required: [fixture.us, fixture.eu])
      try await fixture.push("garbage", required: [])
      #expect(try await fixture.catalog.unlinkBlob(fixture.digest("garbage"), in: fixture.name) == .unlinked)
      let rehearsal = try await walk(fixture, isOpening: false)
      #expect(rehearsal.gap.missing == 2)
      #expect(rehearsal.gap.inFlight == 1)
      #expect(rehearsal.gap.missingBytes == 3)
      #expect(rehearsal.opened == 0)
      #expect(rehearsal.listed.count == 2)
      let first = try await walk(fixture)
      #expect(first.opened == 1)
      #expect(first.listed == [MissingCopy(digest: fixture.digest("a"), location: fixture.eu)])
      #expect(first.gap.missing == 2)
      #expect(first.gap.inFlight == 2)
      #expect(try await fixture.texts("SELECT lane || namespace FROM jobs ORDER BY blob") == ["2team", "1team"])
      let second = try await walk(fixture)
      #expect(second.opened == 0)
      #expect(second.gap == first.gap)
    }
  }

  @Test("each namespace's own locations count; a scope narrows the walk")
  func scopes() async throws {
    try await CatalogFixture.with { fixture in
      let special = try RepositoryName(parsing: "special/app")
      try await fixture.push("shared", required: [])
      try await fixture.catalog.setNamespaceLocation(namespace: "special", location: fixture.ap, required: true)
      try await fixture.catalog.setNamespaceLocation(namespace: "special", location: fixture.eu, required: false)
      _ = try await fixture.catalog.linkBlob(
        fixture.digest("shared"), from: fixture.name, to: special, linkLease: .seconds(60), defaultLocations: [])
      _ = try await fixture.client.query("DELETE FROM jobs")
      #expect(try await walk(fixture, isOpening: false).gap.missing == 2)
      #expect(try await walk(fixture, scope: BackfillScope(namespace: "special"), isOpening: false).gap.missing == 1)
      #expect(try await walk(fixture, scope: BackfillScope(location: fixture.us), isOpening: false).gap.missing == 0)
      let opened = try await walk(fixture, scope: BackfillScope(location: fixture.ap, namespace: "special"))
      #expect(opened.listed.map(\.location) == [fixture.ap])
      #expect(try await walk(fixture, defaults: []).gap.missing == 1)
    }
  }

  @Test("parked jobs and lost sources stay for a person; a lost source is tried again once a copy is there")
  func loudStates() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("parked", required: [fixture.eu])
      let lost = try await fixture.push("lost", required: [fixture.eu])
      _ = try await fixture.client.query(
        "UPDATE jobs SET state = 'parked' WHERE blob <> $1", [.int(lost.blob.rawValue)])
      _ = try await fixture.client.query(
        "UPDATE jobs SET state = 'source_lost' WHERE blob = $1", [.int(lost.blob.rawValue)])
      _ = try await fixture.client.query("UPDATE placements SET state = 'quarantined'")
      let stuck = try await walk(fixture, defaults: [fixture.eu])
      #expect(stuck.opened == 0)
      #expect(stuck.gap.missing == 2)
      #expect(stuck.gap.parked == 1)
      #expect(stuck.gap.sourceLost == 1)
      #expect(stuck.gap.isStuck && !stuck.gap.isComplete)
      _ = try await fixture.client.query("UPDATE placements SET state = 'verified'")
      let healed = try await walk(fixture, defaults: [fixture.eu])
      #expect(healed.opened == 1)
      #expect(healed.gap.parked == 1)
      #expect(healed.gap.sourceLost == 0)
    }
  }

  @Test("a job that was done is done again where its copy is gone; a quarantined copy is missing")
  func lostCopies() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("layer", required: [fixture.eu])
      _ = try await fixture.client.query("UPDATE jobs SET state = 'done'")
      #expect(try await walk(fixture, defaults: [fixture.eu]).opened == 1)
      #expect(try await fixture.texts("SELECT state FROM jobs") == ["queued"])
    }
  }

  @Test(
    "many blobs are walked in steps of bounded size, by several walks at once without harm", .timeLimit(.minutes(3)))
  func scale() async throws {
    try await CatalogFixture.with(poolSize: 8) { fixture in
      let count: Int64 = 20_000
      try await fixture.fill(blobs: count, at: [fixture.us])
      let walks = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<3 { group.addTask { try await walk(fixture).opened } }
        return try await group.reduce(0, +)
      }
      #expect(walks == Int(count))
      let after = try await walk(fixture)
      #expect(after.opened == 0)
      #expect(after.gap.missing == count && after.gap.inFlight == count)
      #expect(try await fixture.catalog.openJobCount(at: fixture.eu) == count)
      #expect(try await fixture.catalog.openJobCount(at: fixture.us) == 0)
      #expect(try await fixture.catalog.blobCount() == count)
    }
  }
}
