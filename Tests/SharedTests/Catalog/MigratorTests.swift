import Postgres
import SharedModel
import TestSupport
import Testing

@testable import SharedCatalog

@Suite("Migrations", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct MigratorTests {
  private func database(_ uri: String) -> PostgresSQLDatabase {
    PostgresSQLDatabase(PostgresClient(PostgresConfiguration(uri: uri)))
  }

  @Test("an empty database is brought to the known version, a second time changes nothing")
  func appliesOnce() async throws {
    try await CatalogFixture.withEmptyDatabase { (uri: String) async throws in
      let database = database(uri)
      let migrator = Migrator(database: database)
      #expect(try await migrator.currentVersion() == 0)
      await #expect(throws: CatalogError.schemaTooOld(found: 0, known: 1)) { try await migrator.verify() }
      #expect(try await migrator.apply() == 1)
      #expect(try await migrator.apply() == 1)
      #expect(try await migrator.currentVersion() == 1)
      try await migrator.verify()
      #expect(try await database.query("SELECT version FROM schema_migrations", []).count == 1)
      await database.close()
    }
  }

  @Test("four programs that start at once apply each migration once")
  func concurrentStarts() async throws {
    try await CatalogFixture.withEmptyDatabase { (uri: String) async throws in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<4 {
          group.addTask {
            let database = PostgresSQLDatabase(PostgresClient(PostgresConfiguration(uri: uri)))
            let version = try await Migrator(database: database).apply()
            await database.close()
            return version
          }
        }
        for try await version in group { #expect(version == 1) }
      }
    }
  }

  @Test("a newer schema is refused; a failing migration leaves the version before it")
  func refusesNewerAndBroken() async throws {
    try await CatalogFixture.withEmptyDatabase { (uri: String) async throws in
      let database = database(uri)
      let broken = Migration(version: 2, name: "broken", sql: "CREATE TABLE half (id BIGINT); SELECT 1 / 0;")
      await #expect(throws: CatalogError.self) {
        try await Migrator(database: database, migrations: Migration.all + [broken]).apply()
      }
      #expect(try await Migrator(database: database).currentVersion() == 0)
      #expect(try await Migrator(database: database).apply() == 1)
      let later = Migration(version: 2, name: "later", sql: "CREATE TABLE later (id BIGINT);")
      #expect(try await Migrator(database: database, migrations: Migration.all + [later]).apply() == 2)
      await #expect(throws: CatalogError.schemaTooNew(found: 2, known: 1)) {
        try await Migrator(database: database).apply()
      }
      await #expect(throws: CatalogError.schemaTooNew(found: 2, known: 1)) {
        try await Migrator(database: database).verify()
      }
      await database.close()
    }
  }
}
