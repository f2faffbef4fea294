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

  /// Publishes this region's snapshot in place of its last one.
  package func publishHealth(region: RegionName, snapshot: String) async throws(CatalogError) {
    _ = try await write(
      """
      INSERT INTO region_health (region, snapshot) VALUES ($1, $2)
      ON CONFLICT (region) DO UPDATE SET snapshot = excluded.snapshot, published_at = excluded.published_at
      """, [.text(region.description), .text(snapshot)])
  }

  /// All regions' last snapshots, ordered by region.
  package func regionHealth() async throws(CatalogError) -> [PublishedHealth] {
    let rows = try await read(
      "SELECT region, snapshot, now_ms() - published_at FROM region_health ORDER BY region", [])
    return try rows.map { (row) throws(CatalogError) in
      PublishedHealth(region: try row.region(0), snapshot: try row.text(1), ageMs: try row.integer(2))
    }
  }
}
