package import SharedModel
package import SharedQueue

/// What operators ask.
extension Catalog {
  /// How far replication has come at every location, ordered by id.
  ///
  /// One statement, hence one instant. Its cost does not depend on how many blobs and jobs there are: the counts come
  /// from the tallies, the oldest of a lane and the lag of the last thousand copies from the ends of indexes.
  package func replicationStatus() async throws(CatalogError) -> [LocationStatus] {
    try await read(statusStatement(), []).map { (row) throws(CatalogError) in try Self.locationStatus(row) }
  }

  /// The blobs with exactly one verified copy, by ascending number, `limit` of them from after `blob` on.
  package func atRiskBlobs(
    after blob: BlobID? = nil, location: LocationID? = nil, limit: Int
  ) async throws(CatalogError) -> [BlobAtRisk] {
    let rows = try await read(
      """
      SELECT b.id, b.digest, b.size, b.sole_location, b.created_at FROM blobs b
      WHERE b.id > $1 AND b.sole_location IS NOT NULL AND (CAST($2 AS TEXT) IS NULL OR b.sole_location = $2)
      ORDER BY b.id LIMIT $3
      """, [.integer(blob?.rawValue ?? 0), .text(location?.description), .integer(Int64(limit))])
    return try rows.map { (row) throws(CatalogError) in
      BlobAtRisk(
        blob: BlobID(rawValue: try row.integer(0)), digest: try row.digest(1), sizeBytes: try row.integer(2),
        location: try row.location(3), createdAtMs: try row.integer(4))
    }
  }

  /// The statement of `replicationStatus`, for the test that measures it.
  func statusStatement() -> String {
    let lanes = Lane.allCases.sorted()
    let backlogs = lanes.map { lane in
      """
      \(Self.tally("open.\(lane.rank)")), \(Self.tally("open.\(lane.rank)", "bytes")), (
        SELECT CASE WHEN j.created_at > now_ms() THEN 0 ELSE (now_ms() - j.created_at) / 1000 END FROM jobs j
        WHERE j.target = l.id AND j.lane = \(lane.rank) AND j.done_at IS NULL AND j.state IN ('queued', 'leased')
        ORDER BY j.created_at LIMIT 1)
      """
    }
    return """
      WITH counted AS \(Self.countedTallies)
      SELECT l.id, l.state, \(Self.tally("verified")), \(Self.tally("verified", "bytes")), \(Self.tally("quarantined")),
        \(Self.tally("failing")), \(Self.tally("parked")), \(Self.tally("source_lost")),
        \(Self.tally("sole")), \(Self.tally("sole", "bytes")),
        (SELECT count(*) FROM object_deletions d WHERE d.location = l.id AND d.last_error IS NOT NULL),
        lag.samples, lag.p50, lag.p90, lag.p99, \(backlogs.joined(separator: ", "))
      FROM locations l \(dialect.forEach) (
        SELECT count(*) AS samples, min(CASE WHEN 100 * rank >= 50 * total THEN lag END) AS p50,
          min(CASE WHEN 100 * rank >= 90 * total THEN lag END) AS p90,
          min(CASE WHEN 100 * rank >= 99 * total THEN lag END) AS p99
        FROM (
          SELECT lag, row_number() OVER (ORDER BY lag) AS rank, count(*) OVER () AS total FROM (
            SELECT j.done_at - j.created_at AS lag, j.source FROM jobs j WHERE j.target = l.id AND j.state = 'done'
            ORDER BY j.done_at DESC LIMIT 1000
          ) latest WHERE source IS NOT NULL
        ) ranked
      ) lag
      ORDER BY l.id
      """
  }

  private static func tally(_ kind: String, _ column: String = "objects") -> String {
    "COALESCE((SELECT t.\(column) FROM counted t WHERE t.location = l.id AND t.kind = '\(kind)'), 0)"
  }

  private static func locationStatus(_ row: SQLRow) throws(CatalogError) -> LocationStatus {
    var lanes: [LaneBacklog] = []
    for (index, lane) in Lane.allCases.sorted().enumerated() {
      let column = 15 + 3 * index
      lanes.append(
        LaneBacklog(
          lane: lane, jobs: try row.integer(column), sizeBytes: try row.integer(column + 1),
          oldestSeconds: try row.optionalInteger(column + 2)))
    }
    let samples = try row.integer(11)
    return LocationStatus(
      location: try row.location(0), state: try locationState(row, 1), placements: try row.integer(2),
      placedBytes: try row.integer(3), quarantined: try row.integer(4), lanes: lanes, failing: try row.integer(5),
      parked: try row.integer(6), sourceLost: try row.integer(7),
      lag: samples == 0
        ? nil
        : LagPercentiles(
          samples: samples, p50Ms: try row.integer(12), p90Ms: try row.integer(13), p99Ms: try row.integer(14)),
      atRisk: AtRisk(count: try row.integer(8), sizeBytes: try row.integer(9)), failingDeletions: try row.integer(10))
  }
}
