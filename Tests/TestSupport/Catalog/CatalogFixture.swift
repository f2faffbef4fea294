import Glibc
package import Postgres
package import Shared

/// A catalog over a database of its own on the real PostgreSQL server, dropped afterwards.
package struct CatalogFixture: Sendable {
  package let catalog: Catalog
  /// For looking behind the catalog's back.
  package let client: PostgresClient
  /// The database's URI, for further clients.
  package let uri: String
  package let us: LocationID
  package let eu: LocationID
  package let ap: LocationID
  package let repository: RepositoryID
  package let name: RepositoryName

  /// The server's address; nil where no server was started for the tests.
  package static var serverURI: String? { environment("MERIDIAN_TEST_POSTGRES") }

  /// Whether tests with this fixture are to run: where there is a server, and in CI, where its absence must be seen.
  package static var isEnabled: Bool { serverURI != nil || environment("CI") != nil }

  /// Runs `body` with a migrated database that has three locations and one repository.
  @discardableResult
  package static func with<Value: Sendable>(
    poolSize: Int = 4, _ body: (CatalogFixture) async throws -> Value
  ) async throws -> Value {
    try await withEmptyDatabase { uri in
      var configuration = PostgresConfiguration(uri: uri, applicationName: "catalog-tests")
      configuration.poolSize = poolSize
      configuration.pipelineConnections = 1
      let client = PostgresClient(configuration)
      do {
        let database = PostgresSQLDatabase(client)
        try await Migrator(database: database).apply()
        let catalog = Catalog(database: database)
        let locations = try ["usstorage", "eustorage", "apstorage"].map { try LocationID(parsing: $0) }
        try await catalog.registerLocations(locations.map { ($0, engineName: "S3Storage") })
        let name = try RepositoryName(parsing: "team/app")
        let fixture = CatalogFixture(
          catalog: catalog, client: client, uri: uri, us: locations[0], eu: locations[1], ap: locations[2],
          repository: try await catalog.ensureRepository(name), name: name)
        let value = try await body(fixture)
        await client.close()
        return value
      } catch {
        await client.close()
        throw error
      }
    }
  }

  /// Runs `body` with the URI of a fresh, empty database; a few at a time, because a server has few connections.
  @discardableResult
  package static func withEmptyDatabase<Value: Sendable>(
    _ body: (String) async throws -> Value
  ) async throws -> Value {
    guard let serverURI else { throw FixtureUnavailable(variable: "MERIDIAN_TEST_POSTGRES") }
    await Turnstile.databases.enter()
    do {
      let value = try await withFreshDatabase(on: serverURI, body)
      await Turnstile.databases.leave()
      return value
    } catch {
      await Turnstile.databases.leave()
      throw error
    }
  }

  private static func withFreshDatabase<Value: Sendable>(
    on serverURI: String, _ body: (String) async throws -> Value
  ) async throws -> Value {
    let database = "test_" + RandomIdentifier().hex
    var configuration = PostgresConfiguration(uri: serverURI, applicationName: "catalog-tests-admin")
    configuration.poolSize = 1
    configuration.pipelineConnections = 0
    let admin = PostgresClient(configuration)
    do {
      _ = try await admin.query("CREATE DATABASE \(database)")
      let value: Value
      do {
        value = try await body(replacingDatabase(of: serverURI, with: database))
      } catch {
        _ = try await admin.query("DROP DATABASE \(database) WITH (FORCE)")
        throw error
      }
      _ = try await admin.query("DROP DATABASE \(database) WITH (FORCE)")
      await admin.close()
      return value
    } catch {
      await admin.close()
      throw error
    }
  }

  /// The URI with another database name; the query stays.
  private static func replacingDatabase(of uri: String, with database: String) -> String {
    let query = uri.firstIndex(of: "?") ?? uri.endIndex
    let authority = uri.firstRange(of: "://")?.upperBound ?? uri.startIndex
    let path = uri[authority..<query].firstIndex(of: "/") ?? query
    return "\(uri[..<path])/\(database)\(uri[query...])"
  }

  package static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }
}

/// A server the tests need was not started.
package struct FixtureUnavailable: Error, CustomStringConvertible {
  package let variable: String

  /// Names the environment variable that would lead to the server.
  package init(variable: String) { self.variable = variable }

  package var description: String { "\(variable) is not set: the tests need a server to run against" }
}

/// Lets a few tests through at a time.
package actor Turnstile {
  package static let databases = Turnstile(places: 6)

  private var places: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Makes a turnstile for so many.
  package init(places: Int) { self.places = places }

  /// Waits for a place.
  package func enter() async {
    guard places == 0 else {
      places -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  /// Gives the place to the next one.
  package func leave() {
    if waiting.isEmpty { places += 1 } else { waiting.removeFirst().resume() }
  }
}
