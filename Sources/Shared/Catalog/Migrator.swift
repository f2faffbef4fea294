/// Brings the schema to the version this program knows, one numbered file after another (D10).
package struct Migrator: Sendable {
  private let database: any SQLDatabase
  private let migrations: [Migration]

  /// Makes a migrator with the migrations compiled into this program.
  package init(database: any SQLDatabase) { self.init(database: database, migrations: Migration.all) }

  /// Makes a migrator with other migrations, in ascending order of version; for tests.
  init(database: any SQLDatabase, migrations: [Migration]) {
    self.database = database
    self.migrations = migrations
  }

  /// The version this program knows.
  package var knownVersion: Int { migrations.last?.version ?? 0 }

  /// The schema's version; 0 for an empty database.
  package func currentVersion() async throws(CatalogError) -> Int {
    try await Self.version(database.dialect) { (sql) throws(CatalogError) in try await database.read(sql, []) }
  }

  /// Applies what is missing, all in one transaction, and returns the version.
  ///
  /// Programs that start at the same time wait for one another and apply each migration once; one that has waited for
  /// longer than the database's lock timeout throws `unavailable` and may try again. Throws `schemaTooNew` where a newer
  /// program was here before.
  @discardableResult
  package func apply() async throws(CatalogError) -> Int {
    let (migrations, known, dialect) = (migrations, knownVersion, database.dialect)
    return try await database.transaction { (transaction) throws(CatalogError) in
      _ = try await transaction.query(dialect.migrationLock, [])
      let found = try await Self.version(dialect) { (sql) throws(CatalogError) in try await transaction.query(sql, []) }
      guard found <= known else { throw .schemaTooNew(found: found, known: known) }
      if found == 0 {
        try await transaction.executeScript(
          """
          CREATE TABLE IF NOT EXISTS schema_migrations (
            version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at TIMESTAMP WITH TIME ZONE NOT NULL
          )
          """)
      }
      for migration in migrations where migration.version > found {
        try await transaction.executeScript(migration.sql)
        _ = try await transaction.query(
          "INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, CURRENT_TIMESTAMP)",
          [.integer(Int64(migration.version)), .text(migration.name)])
      }
      return known
    }
  }

  /// Refuses a schema this program does not know: throws `schemaTooNew` or `schemaTooOld`.
  package func verify() async throws(CatalogError) {
    let found = try await currentVersion()
    if found > knownVersion { throw .schemaTooNew(found: found, known: knownVersion) }
    if found < knownVersion { throw .schemaTooOld(found: found, known: knownVersion) }
  }

  private static func version(
    _ dialect: SQLDialect, _ query: (String) async throws(CatalogError) -> [SQLRow]
  ) async throws(CatalogError) -> Int {
    guard try await !query(dialect.hasTable("schema_migrations")).isEmpty else { return 0 }
    return try await query("SELECT coalesce(max(version), 0) FROM schema_migrations").first?.count(0) ?? 0
  }
}
