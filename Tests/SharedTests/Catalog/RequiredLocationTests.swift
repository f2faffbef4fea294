import Postgres
import Shared
import TestSupport
import Testing

@Suite("Required locations", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct RequiredLocationTests {
  private func jobs(_ fixture: CatalogFixture) async throws -> [String] {
    try await fixture.texts(
      "SELECT target || '/' || namespace || '/' || state || '/' || lane FROM jobs ORDER BY blob, target")
  }

  private func setState(_ fixture: CatalogFixture, _ location: LocationID, _ state: String) async throws {
    _ = try await fixture.client.query(
      "UPDATE locations SET state = $1 WHERE id = $2", [.text(state), .text(location.description)])
  }

  @Test("a push orders copies at the defaults, what the namespace adds, less what it leaves out (G9)")
  func commit() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("plain", required: [fixture.us, fixture.eu])
      #expect(try await jobs(fixture) == ["eustorage/team/queued/1"])
      try await fixture.catalog.setNamespaceLocation(namespace: "team", location: fixture.ap, required: true)
      try await fixture.catalog.setNamespaceLocation(namespace: "team", location: fixture.eu, required: false)
      try await fixture.push("other", required: [fixture.us, fixture.eu])
      #expect(try await jobs(fixture) == ["eustorage/team/queued/1", "apstorage/team/queued/1"])
      try await fixture.catalog.setNamespaceLocation(namespace: "team", location: fixture.ap, required: nil)
      try await fixture.push("third", required: [fixture.us, fixture.eu])
      #expect(try await jobs(fixture).count == 2)
      let rules = try await fixture.catalog.namespaceLocations("team")
      #expect(rules.map(\.location) == [fixture.eu])
      #expect(rules.map(\.isRequired) == [false])
      #expect(try await fixture.catalog.namespaceLocations(limit: 10) == rules)
    }
  }

  @Test(
    "a location that is being emptied, read-only or removed gets no job",
    arguments: ["draining", "read-only", "removed"])
  func closedTargets(state: String) async throws {
    try await CatalogFixture.with { fixture in
      try await setState(fixture, fixture.eu, state)
      let pushed = try await fixture.push("layer")
      #expect(try await jobs(fixture) == ["apstorage/team/queued/1"])
      #expect(try await fixture.catalog.openJobs(for: [pushed.blob], target: fixture.eu, lane: .urgent).isEmpty)
      await #expect(throws: CatalogError.conflict(.locationClosed)) {
        try await fixture.catalog.setNamespaceLocation(namespace: "team", location: fixture.eu, required: true)
      }
      // Leaving it out is always possible.
      try await fixture.catalog.setNamespaceLocation(namespace: "team", location: fixture.eu, required: false)
    }
  }

  @Test("joining locations get jobs, and one that comes to a registry with blobs is joining")
  func joining() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("first")
      let late = try LocationID(parsing: "late")
      try await fixture.catalog.registerLocations([
        (late, engineName: "S3Storage"), (fixture.us, engineName: "S3Storage"),
      ])
      #expect(try await fixture.catalog.locationRecords().map(\.state) == [.active, .active, .joining, .active])
      try await fixture.push("second", required: [fixture.us, late])
      #expect(try await fixture.number("SELECT count(*) FROM jobs WHERE target = 'late'") == 1)
    }
  }

  @Test("a push is not placed at a removed location, and one to a draining location is kept and copied away (I13)")
  func closedSource() async throws {
    try await CatalogFixture.with { fixture in
      try await setState(fixture, fixture.us, "draining")
      try await fixture.push("layer")
      #expect(try await jobs(fixture) == ["apstorage/team/queued/1", "eustorage/team/queued/1"])
      try await setState(fixture, fixture.us, "removed")
      await #expect(throws: CatalogError.conflict(.locationClosed)) { try await fixture.push("late") }
      #expect(try await fixture.number("SELECT count(*) FROM blobs") == 1)
      let unknown = try LocationID(parsing: "never")
      await #expect(throws: CatalogError.conflict(.locationUnknown)) {
        try await fixture.push("lost", location: unknown)
      }
    }
  }

  @Test("a mount orders what the new namespace needs and says so, once")
  func mount() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("layer", required: [fixture.us])
      try await fixture.catalog.setNamespaceLocation(namespace: "special", location: fixture.ap, required: true)
      let target = try RepositoryName(parsing: "special/app")
      for expected in [2, 0] {
        let linked = try await fixture.catalog.linkBlob(
          fixture.digest("layer"), from: fixture.name, to: target, linkLease: .seconds(60),
          defaultLocations: [fixture.us, fixture.eu])
        #expect(linked?.blob.placements.map(\.location) == [fixture.us])
        #expect(linked?.jobs.count == expected)
      }
      #expect(try await jobs(fixture) == ["apstorage/special/queued/1", "eustorage/special/queued/1"])
    }
  }

  @Test("states change only along the ways that are asked for")
  func states() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      #expect(
        try await catalog.changeLocationState(of: fixture.eu, from: [.active], to: .draining) == .changed(from: .active)
      )
      #expect(
        try await catalog.changeLocationState(of: fixture.eu, from: [.active], to: .draining)
          == .changed(from: .draining))
      #expect(
        try await catalog.changeLocationState(of: fixture.eu, from: [.joining], to: .active) == .refused(.draining))
      let never = try LocationID(parsing: "never")
      #expect(try await catalog.changeLocationState(of: never, from: [.active], to: .draining) == .unknown)
    }
  }

  @Test("a namespace that gains a location has its walk put on record; leaving one out has not")
  func walks() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      try await catalog.setNamespaceLocation(namespace: "team", location: fixture.eu, required: false)
      #expect(try await catalog.sweeps(named: BackfillScope.sweepPrefix).isEmpty)
      try await catalog.setNamespaceLocation(namespace: "team", location: fixture.eu, required: nil)
      let sweeps = try await catalog.sweeps(named: BackfillScope.sweepPrefix)
      #expect(sweeps.map(\.cursor) == ["0"])
      #expect(sweeps.first.flatMap { BackfillScope(sweepName: $0.name) } == BackfillScope(namespace: "team"))
      let scope = BackfillScope(location: fixture.eu, namespace: "a")
      #expect(BackfillScope(sweepName: scope.sweepName) == scope)
      #expect(BackfillScope(sweepName: "backfill") == BackfillScope())
      #expect(BackfillScope(sweepName: "backfill x=1") == nil)
      #expect(BackfillScope(sweepName: "verify") == nil)
      #expect(BackfillScope(namespace: String(repeating: "n", count: 255)).sweepName.count < 255)
      #expect(try await catalog.namespacesRequiring(fixture.ap, limit: 5).isEmpty)
      try await catalog.setNamespaceLocation(namespace: "team", location: fixture.ap, required: true)
      try await catalog.setNamespaceLocation(namespace: "empty", location: fixture.ap, required: true)
      #expect(try await catalog.namespacesRequiring(fixture.ap, limit: 5) == ["team"])
    }
  }
}
