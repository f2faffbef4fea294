package import SharedModel

/// The stores by name, and whether all regions start with the same configuration.
extension Catalog {
  /// Records the configured locations; a known one keeps its state and takes the engine's new name.
  ///
  /// One that comes to a registry with blobs is `joining`: it lacks them, and `add-location` fills it. A removed one
  /// stays removed: its name is reserved, because objects of before may be in the store still.
  package func registerLocations(_ locations: [(LocationID, engineName: String)]) async throws(CatalogError) {
    let sorted = locations.sorted { $0.0 < $1.0 }
    _ = try await write(
      """
      INSERT INTO locations (id, engine, state)
      SELECT item.id, item.engine, CASE WHEN EXISTS (SELECT 1 FROM blobs) THEN 'joining' ELSE 'active' END
      FROM \(dialect.rows("item", .texts("id", 1), .texts("engine", 2)))
      ON CONFLICT (id) DO UPDATE SET engine = excluded.engine
      WHERE locations.engine <> excluded.engine AND locations.state <> 'removed'
      """,
      [.texts(sorted.map(\.0.description)), .texts(sorted.map(\.engineName))])
  }

  /// All locations ever registered and what they are used for, ordered by id.
  package func locations() async throws(CatalogError) -> [(LocationID, LocationState)] {
    try await locationRecords().map { ($0.id, $0.state) }
  }

  /// All locations ever registered, ordered by id.
  package func locationRecords() async throws(CatalogError) -> [LocationRecord] {
    let rows = try await read("SELECT id, engine, state, created_at FROM locations ORDER BY id", [])
    return try rows.map { (row) throws(CatalogError) in
      LocationRecord(
        id: try row.location(0), engineName: try row.text(1), state: try Self.locationState(row, 2),
        createdAtMs: try row.integer(3))
    }
  }

  /// Moves a location from any of `states` to `state`; waits for pushes to it that are being committed.
  package func changeLocationState(
    of location: LocationID, from states: Set<LocationState>, to state: LocationState
  ) async throws(CatalogError) -> LocationStateChange {
    let rows = try await write(
      """
      WITH place AS (
        SELECT l.id, l.state FROM locations l WHERE l.id = $1 \(dialect.guardingRows("l"))
      ), changed AS (
        UPDATE locations SET state = $2
        WHERE id IN (SELECT id FROM place) AND state IN (SELECT item.state FROM \(dialect.rows("item", .texts("state", 3))))
        RETURNING id
      )
      SELECT place.state, (SELECT count(*) FROM changed) FROM place
      """,
      [.text(location.description), .text(state.rawValue), .texts(states.union([state]).map(\.rawValue).sorted())])
    guard let row = rows.first else { return .unknown }
    let before = try Self.locationState(row, 0)
    return try row.integer(1) == 1 ? .changed(from: before) : .refused(before)
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
