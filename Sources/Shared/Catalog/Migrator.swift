import SharedModel

/// Brings the schema to the version this program knows, one numbered file after another (D10).
///
/// The database keeps the SHA-256 of the text of every migration it was given. A program whose migrations read otherwise
/// refuses to start: a file that was changed after it had been applied describes tables that are not there.
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

  /// The newest migration compiled into this program.
  package static let newestVersion = Migration.all.last?.version ?? 0

  /// The version this program knows.
  package var knownVersion: Int { migrations.last?.version ?? 0 }

  /// The schema's version; 0 for an empty database.
  package func currentVersion() async throws(CatalogError) -> Int {
    try await SchemaRecord(database).version
  }

  /// Applies what is missing, all in one transaction, and returns the version.
  ///
  /// Programs that start at the same time wait for one another and apply each migration once; one that has waited for
  /// longer than the database's lock timeout throws `unavailable` and may try again. Throws `schemaTooNew` where a newer
  /// program was here before, `migrationDiffers` where an applied migration was another one. A record from before
  /// checksums were kept takes this program's.
  @discardableResult
  package func apply() async throws(CatalogError) -> Int {
    let (migrations, known, dialect) = (migrations, knownVersion, database.dialect)
    return try await database.transaction { (transaction) throws(CatalogError) in
      _ = try await transaction.query(dialect.migrationLock, [])
      let record = try await SchemaRecord(transaction, dialect)
      guard record.version <= known else { throw .schemaTooNew(found: record.version, known: known) }
      try record.check(migrations)
      try await Self.prepare(record, transaction)
      for migration in migrations where record.lacksChecksum(of: migration) {
        _ = try await transaction.query(
          "UPDATE schema_migrations SET checksum = $2 WHERE version = $1",
          [.integer(Int64(migration.version)), .text(migration.checksum)])
      }
      for migration in migrations where migration.version > record.version {
        try await transaction.executeScript(migration.sql)
        _ = try await transaction.query(
          "INSERT INTO schema_migrations (version, name, applied_at, checksum) VALUES ($1, $2, CURRENT_TIMESTAMP, $3)",
          [.integer(Int64(migration.version)), .text(migration.name), .text(migration.checksum)])
      }
      return known
    }
  }

  /// Refuses a schema this program does not know: throws `schemaTooNew`, `schemaTooOld` or `migrationDiffers`.
  package func verify() async throws(CatalogError) {
    let record = try await SchemaRecord(database)
    if record.version > knownVersion { throw .schemaTooNew(found: record.version, known: knownVersion) }
    try record.check(migrations)
    if record.version < knownVersion { throw .schemaTooOld(found: record.version, known: knownVersion) }
  }

  /// Makes the table of migrations, or gives an older one its column of checksums.
  private static func prepare(_ record: SchemaRecord, _ transaction: any SQLTransaction) async throws(CatalogError) {
    if !record.exists {
      try await transaction.executeScript(
        """
        CREATE TABLE schema_migrations (
          version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at TIMESTAMP WITH TIME ZONE NOT NULL, checksum TEXT
        )
        """)
    } else if !record.hasChecksums {
      try await transaction.executeScript("ALTER TABLE schema_migrations ADD COLUMN checksum TEXT")
    }
  }
}
