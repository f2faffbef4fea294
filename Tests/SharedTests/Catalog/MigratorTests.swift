import Postgres
import SharedModel
import TestSupport
import Testing

@testable import SharedCatalog

@Suite("Migrations", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct MigratorTests {
  /// The version of the newest migration there is.
  private let known = Migration.all.count

  private func database(_ uri: String) -> PostgresSQLDatabase {
    PostgresSQLDatabase(PostgresClient(PostgresConfiguration(uri: uri)))
  }

  @Test("an empty database is brought to the known version, a second time changes nothing")
  func appliesOnce() async throws {
    try await CatalogFixture.withEmptyDatabase { (uri: String) async throws in
      let database = database(uri)
      let migrator = Migrator(database: database)
      #expect(try await migrator.currentVersion() == 0)
      await #expect(throws: CatalogError.schemaTooOld(found: 0, known: known)) { try await migrator.verify() }
      #expect(try await migrator.apply() == known)
      #expect(try await migrator.apply() == known)
      #expect(try await migrator.currentVersion() == known)
      try await migrator.verify()
      #expect(try await database.query("SELECT version FROM schema_migrations", []).count == known)
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
        for try await version in group { #expect(version == known) }
      }
    }
  }

  @Test("a newer schema is refused; a failing migration leaves the version before it")
  func refusesNewerAndBroken() async throws {
    try await CatalogFixture.withEmptyDatabase { (uri: String) async throws in
      let database = database(uri)
      let broken = Migration(version: known + 1, name: "broken", sql: "CREATE TABLE half (id BIGINT); SELECT 1 / 0;")
      await #expect(throws: CatalogError.self) {
        try await Migrator(database: database, migrations: Migration.all + [broken]).apply()
      }
      #expect(try await Migrator(database: database).currentVersion() == 0)
      #expect(try await Migrator(database: database).apply() == known)
      let later = Migration(version: known + 1, name: "later", sql: "CREATE TABLE later (id BIGINT);")
      #expect(try await Migrator(database: database, migrations: Migration.all + [later]).apply() == known + 1)
      await #expect(throws: CatalogError.schemaTooNew(found: known + 1, known: known)) {
        try await Migrator(database: database).apply()
      }
      await #expect(throws: CatalogError.schemaTooNew(found: known + 1, known: known)) {
        try await Migrator(database: database).verify()
      }
      await database.close()
    }
  }

  @Test("a migration that was applied with another text is refused, before and after a start")
  func refusesChangedMigration() async throws {
    try await CatalogFixture.withEmptyDatabase { (uri: String) async throws in
      let database = database(uri)
      let first = Migration(version: 1, name: "one", sql: "CREATE TABLE one (id BIGINT);")
      let changed = Migration(version: 1, name: "one", sql: "CREATE TABLE one (id BIGINT, more BIGINT);")
      let second = Migration(version: 2, name: "two", sql: "CREATE TABLE two (id BIGINT);")
      #expect(try await Migrator(database: database, migrations: [first]).apply() == 1)
      let expected = CatalogError.migrationDiffers(version: 1, name: "one")
      await #expect(throws: expected) {
        try await Migrator(database: database, migrations: [changed, second]).apply()
      }
      await #expect(throws: expected) { try await Migrator(database: database, migrations: [changed]).verify() }
      #expect(!expected.description.contains("\n"))
      #expect(try await Migrator(database: database, migrations: [first, second]).apply() == 2)
      await database.close()
    }
  }

  @Test("a database from before checksums takes this program's, and is held to them from then on")
  func adoptsOldRecord() async throws {
    try await CatalogFixture.withEmptyDatabase { (uri: String) async throws in
      let database = database(uri)
      let first = Migration(version: 1, name: "one", sql: "CREATE TABLE one (id BIGINT);")
      let changed = Migration(version: 1, name: "one", sql: "CREATE TABLE one (id INTEGER);")
      #expect(try await Migrator(database: database, migrations: [first]).apply() == 1)
      _ = try await database.query("ALTER TABLE schema_migrations DROP COLUMN checksum", [])
      try await Migrator(database: database, migrations: [first]).verify()
      #expect(try await Migrator(database: database, migrations: [first]).apply() == 1)
      await #expect(throws: CatalogError.migrationDiffers(version: 1, name: "one")) {
        try await Migrator(database: database, migrations: [changed]).apply()
      }
      await database.close()
    }
  }
}
