package import SharedModel

/// The stores by name, and whether all regions start with the same configuration.
extension Catalog {
  /// Records the configured locations; a known one keeps its state and takes the engine's new name.
  package func registerLocations(_ locations: [(LocationID, engineName: String)]) async throws(CatalogError) {
    let sorted = locations.sorted { $0.0 < $1.0 }
    _ = try await write(
      """
      INSERT INTO locations (id, engine)
      SELECT item.id, item.engine FROM \(dialect.rows("item", .texts("id", 1), .texts("engine", 2)))
      ON CONFLICT (id) DO UPDATE SET engine = excluded.engine WHERE locations.engine <> excluded.engine
      """,
      [.texts(sorted.map(\.0.description)), .texts(sorted.map(\.engineName))])
  }

  /// All locations ever registered and what they are used for, ordered by id.
  package func locations() async throws(CatalogError) -> [(LocationID, LocationState)] {
    var result: [(LocationID, LocationState)] = []
    for row in try await read("SELECT id, state FROM locations ORDER BY id", []) {
      result.append((try row.location(0), try Self.locationState(row, 1)))
    }
    return result
  }

  /// Records what this region starts with and returns the regions that started with something else, if any (G8).
  package func checkFingerprint(
    region: RegionName, fingerprint: String
  ) async throws(CatalogError) -> FingerprintDrift? {
    let rows = try await write(
      """
      WITH own AS (
        INSERT INTO configuration_fingerprints (region, fingerprint) VALUES ($1, $2)
        ON CONFLICT (region) DO UPDATE SET fingerprint = excluded.fingerprint, seen_at = excluded.seen_at
      )
      SELECT region, fingerprint, now_ms() - seen_at FROM configuration_fingerprints
      WHERE region <> $1 AND fingerprint <> $2 ORDER BY region
      """,
      [.text(region.description), .text(fingerprint)])
    let others = try rows.map { (row) throws(CatalogError) in
      FingerprintDrift.Other(region: try row.region(0), fingerprint: try row.text(1), ageMs: try row.integer(2))
    }
    return others.isEmpty ? nil : FingerprintDrift(others: others)
  }

  static func locationState(_ row: SQLRow, _ index: Int) throws(CatalogError) -> LocationState {
    guard let state = LocationState(rawValue: try row.text(index)) else {
      throw .invalidRow(detail: "an unknown location state")
    }
    return state
  }
}
