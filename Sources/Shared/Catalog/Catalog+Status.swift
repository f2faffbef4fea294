import SharedModel

/// What operators ask.
extension Catalog {
  /// How far replication has come at every location, ordered by id; counts whole tables, so not for every second.
  package func replicationStatus() async throws(CatalogError) -> [LocationStatus] {
    let rows = try await read(
      """
      SELECT l.id, l.state,
        (SELECT count(*) FROM placements p WHERE p.location = l.id AND p.state = 'verified'),
        coalesce(o.jobs, 0), coalesce(o.bytes, 0),
        CASE WHEN o.oldest IS NULL THEN NULL WHEN o.oldest > now_ms() THEN 0 ELSE (now_ms() - o.oldest) / 1000 END,
        coalesce(o.failing, 0),
        (SELECT count(*) FROM jobs j WHERE j.target = l.id AND j.state = 'parked'),
        (SELECT count(*) FROM jobs j WHERE j.target = l.id AND j.state = 'source_lost')
      FROM locations l LEFT JOIN (
        SELECT target, count(*) AS jobs, CAST(sum(size) AS BIGINT) AS bytes, min(created_at) AS oldest,
          sum(CASE WHEN attempts > 0 THEN 1 ELSE 0 END) AS failing
        FROM jobs WHERE state IN ('queued', 'leased') GROUP BY target
      ) o ON o.target = l.id
      ORDER BY l.id
      """, [])
    return try rows.map { (row) throws(CatalogError) in
      LocationStatus(
        location: try row.location(0), state: try Self.locationState(row, 1), placements: try row.integer(2),
        pendingJobs: try row.integer(3), pendingBytes: try row.integer(4),
        oldestPendingSeconds: try row.optionalInteger(5), failing: try row.integer(6), parked: try row.integer(7),
        sourceLost: try row.integer(8))
    }
  }
}
