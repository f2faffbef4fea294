/// What a database says about the migrations it was given.
struct SchemaRecord: Sendable {
  /// Whether there is a table of migrations at all.
  let exists: Bool
  /// Whether that table has a column of checksums; those made before version 2 have none.
  let hasChecksums: Bool
  /// The highest version applied; 0 for an empty database.
  let version: Int
  private let checksums: [Int: String]

  /// Reads the record outside of a transaction.
  init(_ database: any SQLDatabase) async throws(CatalogError) {
    try await self.init(database.dialect) { (sql) throws(CatalogError) in try await database.read(sql, []) }
  }

  /// Reads the record as a transaction sees it.
  init(_ transaction: any SQLTransaction, _ dialect: SQLDialect) async throws(CatalogError) {
    try await self.init(dialect) { (sql) throws(CatalogError) in try await transaction.query(sql, []) }
  }

  private init(
    _ dialect: SQLDialect, _ query: (String) async throws(CatalogError) -> [SQLRow]
  ) async throws(CatalogError) {
    exists = try await !query(dialect.hasTable("schema_migrations")).isEmpty
    guard exists else {
      (hasChecksums, version, checksums) = (false, 0, [:])
      return
    }
    hasChecksums = try await !query(dialect.hasColumn("checksum", of: "schema_migrations")).isEmpty
    let checksum = hasChecksums ? "checksum" : "CAST(NULL AS TEXT)"
    var (highest, found) = (0, [Int: String]())
    for row in try await query("SELECT version, \(checksum) FROM schema_migrations") {
      let version = try row.count(0)
      highest = max(highest, version)
      found[version] = try row.optionalText(1)
    }
    (version, checksums) = (highest, found)
  }

  /// Throws `migrationDiffers` for the first migration that was applied with another text than it has here.
  func check(_ migrations: [Migration]) throws(CatalogError) {
    for migration in migrations where migration.version <= version {
      guard let checksum = checksums[migration.version], checksum != migration.checksum else { continue }
      throw .migrationDiffers(version: migration.version, name: migration.name)
    }
  }

  /// Whether a migration was applied before checksums were kept.
  func lacksChecksum(of migration: Migration) -> Bool {
    migration.version <= version && checksums[migration.version] == nil
  }
}
