import Postgres
import Shared
import TestSupport
import Testing

@Suite("Locations, fingerprints, health", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct DeploymentTests {
  @Test("locations are registered once and keep their state")
  func registersLocations() async throws {
    try await CatalogFixture.with { (fixture: CatalogFixture) async throws in
      _ = try await fixture.client.query("UPDATE locations SET state = 'draining' WHERE id = 'eustorage'")
      try await fixture.catalog.registerLocations([(fixture.eu, engineName: "RadosGWStorage")])
      let locations = try await fixture.catalog.locations()
      #expect(locations.map(\.0) == [fixture.ap, fixture.eu, fixture.us])
      #expect(locations.map(\.1) == [.active, .draining, .active])
    }
  }

  @Test("a region that starts with another configuration is told which regions differ (G8)")
  func reportsDrift() async throws {
    try await CatalogFixture.with { (fixture: CatalogFixture) async throws in
      let (us, eu) = (try RegionName(parsing: "us"), try RegionName(parsing: "eu"))
      #expect(try await fixture.catalog.checkFingerprint(region: us, fingerprint: "one") == nil)
      #expect(try await fixture.catalog.checkFingerprint(region: eu, fingerprint: "one") == nil)
      let drift = try await fixture.catalog.checkFingerprint(region: eu, fingerprint: "two")
      #expect(drift?.others.map(\.region) == [us])
      #expect(drift?.others.map(\.fingerprint) == ["one"])
      #expect(try await fixture.catalog.checkFingerprint(region: us, fingerprint: "two") == nil)
    }
  }

  @Test("health is published and read with its age; probes read and write")
  func health() async throws {
    try await CatalogFixture.with { (fixture: CatalogFixture) async throws in
      try await fixture.catalog.probeRead()
      for _ in 0..<3 { try await fixture.catalog.probeWrite(prober: "us") }
      #expect(try await fixture.number("SELECT count(*) FROM health_probes") == 1)
      let us = try RegionName(parsing: "us")
      try await fixture.catalog.publishHealth(region: us, snapshot: "{\"a\":1}")
      try await fixture.catalog.publishHealth(region: us, snapshot: "{\"a\":2}")
      let health = try await fixture.catalog.regionHealth()
      #expect(health.map(\.snapshot) == ["{\"a\":2}"])
      #expect(health.allSatisfy { (0..<60_000).contains($0.ageMs) })
    }
  }

  @Test("a database that takes no writes refuses pushes and still answers pulls")
  func readOnlyDatabase() async throws {
    try await CatalogFixture.with { (fixture: CatalogFixture) async throws in
      try await fixture.push("layer")
      let separator = fixture.uri.contains("?") ? "&" : "?"
      let client = PostgresClient(
        PostgresConfiguration(
          uri: fixture.uri + separator + "options=-cdefault_transaction_read_only%3Don&target_session_attrs=any"))
      let standby = Catalog(database: PostgresSQLDatabase(client))
      await #expect(throws: CatalogError.readOnly) { try await standby.probeWrite(prober: "us") }
      guard case .found = try await standby.blob(fixture.digest("layer"), in: fixture.name) else {
        Issue.record("the blob is not found")
        return
      }
      await standby.close()
    }
  }

  @Test("a database that is not there is unavailable, in one line and without the password")
  func unavailable() async throws {
    var configuration = PostgresConfiguration(uri: "postgresql://user:hidden@127.0.0.1:1/none")
    configuration.acquireTimeout = .milliseconds(500)
    let catalog = Catalog(database: PostgresSQLDatabase(PostgresClient(configuration)))
    let error = await #expect(throws: CatalogError.self) { try await catalog.probeRead() }
    #expect(error?.isRetryable == true)
    #expect(error?.description.contains("unavailable") == true)
    #expect(error?.description.contains("hidden") == false)
    #expect(error?.description.contains("\n") == false)
    await catalog.close()
  }
}
