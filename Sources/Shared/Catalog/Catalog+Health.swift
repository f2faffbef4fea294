package import SharedModel

/// What the health service asks of the database and publishes through it.
extension Catalog {
  /// A region's last published snapshot.
  package struct PublishedHealth: Sendable, Hashable {
    package let region: RegionName
    /// JSON of the health service's own making.
    package let snapshot: String
    /// How old it is by the database's clock.
    package let ageMs: Int64
  }

  /// Confirms that the database answers a read.
  package func probeRead() async throws(CatalogError) {
    _ = try await read("SELECT prober FROM health_probes LIMIT 1", [])
  }

  /// Confirms that the database takes a write; each prober has one row, whatever the number of probes.
  package func probeWrite(prober: String) async throws(CatalogError) {
    _ = try await database.query(
      """
      INSERT INTO health_probes (prober) VALUES ($1)
      ON CONFLICT (prober) DO UPDATE SET written_at = excluded.written_at
      """, [.text(prober)])
  }

  /// Publishes a health service's snapshot in place of its last one, and as the region's last word.
  ///
  /// What was not renewed for a day is forgotten with it, so that services of the past fill no table.
  package func publishHealth(
    region: RegionName, instance: String = "", snapshot: String
  ) async throws(CatalogError) {
    _ = try await write(
      """
      WITH word AS (
        INSERT INTO region_health (region, snapshot) VALUES ($1, $3)
        ON CONFLICT (region) DO UPDATE SET snapshot = excluded.snapshot, published_at = excluded.published_at
      ), gone AS (
        DELETE FROM health_snapshots
        WHERE published_at < now_ms() - 86400000 AND NOT (region = $1 AND instance = $2)
      )
      INSERT INTO health_snapshots (region, instance, snapshot) VALUES ($1, $2, $3)
      ON CONFLICT (region, instance) DO UPDATE
        SET snapshot = excluded.snapshot, published_at = excluded.published_at
      """, [.text(region.description), .text(instance), .text(snapshot)])
  }

  /// The last word of any of each region's health services, ordered by region.
  package func regionHealth() async throws(CatalogError) -> [PublishedHealth] {
    try await published("SELECT region, snapshot, now_ms() - published_at FROM region_health ORDER BY region")
  }

  /// Every health service's last snapshot, the newest first: at most so many as there can sensibly be, 512.
  package func healthSnapshots() async throws(CatalogError) -> [PublishedHealth] {
    try await published(
      """
      SELECT region, snapshot, now_ms() - published_at FROM health_snapshots
      ORDER BY published_at DESC, region, instance LIMIT 512
      """)
  }

  private func published(_ sql: String) async throws(CatalogError) -> [PublishedHealth] {
    try await read(sql, []).map { (row) throws(CatalogError) in
      PublishedHealth(region: try row.region(0), snapshot: try row.text(1), ageMs: try row.integer(2))
    }
  }
}

/// The schema and the clocks, for the health service.
extension Catalog {
  /// The version of the schema found in the database, and the one this program knows.
  package func schemaVersion() async throws(CatalogError) -> (found: Int, known: Int) {
    let rows = try await read("SELECT COALESCE(max(version), 0) FROM schema_migrations", [])
    return (Int(clamping: try rows.first?.integer(0) ?? 0), Migration.all.last?.version ?? 0)
  }

  /// How long ago the transaction was made that this server replayed last: zero at a primary, nil where nothing was yet.
  ///
  /// A replica whose primary has nothing to do looks old.
  package func replayAge() async throws(CatalogError) -> Duration? {
    try await read(dialect.replayAgeMs, []).first?.optionalInteger(0).map { .milliseconds(max(0, $0)) }
  }

  /// The database's clock, in milliseconds since the epoch.
  package func clockMs(within limit: Duration) async throws(CatalogError) -> Int64 {
    guard let row = try await database.read("SELECT now_ms()", [], within: limit).first else {
      throw .invalidRow(detail: "the database told no time")
    }
    return try row.integer(0)
  }
}
