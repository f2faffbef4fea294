import Logging
import Shared
import TestSupport
import Testing

/// A process that starts while the database's primary is away (decision 0008), or takes no writes (G18).
@Suite("Starting without a primary", .enabled(if: CatalogFixture.isEnabled))
struct StartWithoutPrimaryTests {
  private static let logger = Logger(label: "test")
  /// Nothing listens there.
  private static let nobody = "postgresql://user:password@127.0.0.1:1/registry"

  private func configuration(primary: String, replica: String?, state: String = "normal") throws -> Configuration {
    let override =
      #"{"DB_URI": "\#(primary)", "REGISTRY_STATE": "\#(state)""#
      + (replica.map { #", "DB_READ_URI": "\#($0)""# } ?? "")
      + "}"
    return try ConfigurationFixtures.load(
      ConfigurationFixtures.quayGeoReplication, ["QUAY_OVERRIDE_CONFIG": override]
    ).configuration
  }

  @Test("it serves what the replica knows, fails what needs the primary, and does not start without a replica")
  func replica() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("content")
      let configuration = try configuration(primary: Self.nobody, replica: fixture.uri)
      let catalog = try await Startup.catalog(
        configuration, service: "test", logger: Self.logger, routesReads: true)
      guard case .found(let blob) = try await catalog.blob(fixture.digest("content"), in: fixture.name) else {
        Issue.record("the replica was not asked")
        return
      }
      #expect(blob.placements.map(\.location) == [fixture.us])
      await #expect(throws: CatalogError.self) { try await catalog.blob(fixture.digest("other"), in: fixture.name) }
      await #expect(throws: CatalogError.self) {
        try await catalog.ensureRepository(RepositoryName(parsing: "new/one"))
      }
      await catalog.close()
    }
    let alone = try configuration(primary: Self.nobody, replica: nil)
    await #expect(throws: StartupError.self) {
      try await Startup.catalog(alone, service: "test", logger: Self.logger, routesReads: true)
    }
  }

  @Test("a replica with another schema is of no help")
  func emptyReplica() async throws {
    try await CatalogFixture.withEmptyDatabase { uri in
      let configuration = try configuration(primary: Self.nobody, replica: uri)
      await #expect(throws: StartupError.self) {
        try await Startup.catalog(configuration, service: "test", logger: Self.logger, routesReads: true)
      }
    }
  }

  @Test("a read-only registry writes nothing when it starts, also on a database that takes no writes")
  func readOnly() async throws {
    try await CatalogFixture.with { fixture in
      let glue = fixture.uri.contains("?") ? "&" : "?"
      let configuration = try configuration(
        primary: "\(fixture.uri)\(glue)options=-c%20default_transaction_read_only%3Don", replica: nil, state: "readonly"
      )
      let catalog = try await Startup.catalog(configuration, service: "test", logger: Self.logger, routesReads: true)
      #expect(try await catalog.locations().count == 3)
      #expect(try await fixture.number("SELECT count(*) FROM configuration_fingerprints") == 0)
      await catalog.close()
    }
  }
}
