/// How replication stood over the last day.
extension Catalog {
  /// How long a row of the history is kept: a day, and an hour for those who look late.
  package static let historyAge: Duration = .seconds(25 * 3600)

  /// Writes down how replication stands in this minute and forgets what is older than `historyAge`.
  ///
  /// Any number of processes may do so: the first of a minute is kept, so the table stays as large as a day.
  package func recordHistory(_ statuses: [LocationStatus]) async throws(CatalogError) {
    guard !statuses.isEmpty else { return }
    _ = try await write(
      """
      WITH pruned AS (
        DELETE FROM replication_history WHERE taken_at < now_ms() - CAST($5 AS BIGINT)
      )
      INSERT INTO replication_history (location, taken_at, pending, pending_bytes, lag_seconds)
      SELECT item.location, now_ms() / 60000 * 60000, item.pending, item.pending_bytes, item.lag
      FROM \(dialect.rows("item", .texts("location", 1), .integers("pending", 2), .integers("pending_bytes", 3), .integers("lag", 4)))
      ON CONFLICT (location, taken_at) DO NOTHING
      """,
      [
        .texts(statuses.map(\.location.description)), .integers(statuses.map { max(0, $0.pendingJobs) }),
        .integers(statuses.map { max(0, $0.pendingBytes) }),
        .integers(statuses.map { max(0, $0.oldestPendingSeconds ?? 0) }), .milliseconds(Self.historyAge),
      ])
  }

  /// The history of the last `span`, the worst of every `stretch`: so many points as there are stretches and locations.
  package func replicationHistory(
    span: Duration, stretch: Duration
  ) async throws(CatalogError) -> ReplicationHistory {
    let stretchMs = max(60_000, Int64(stretch / .milliseconds(1)))
    let rows = try await survey(
      """
      SELECT h.location, h.taken_at / CAST($2 AS BIGINT) * CAST($2 AS BIGINT) AS began, max(h.pending),
        max(h.pending_bytes), max(h.lag_seconds), now_ms()
      FROM replication_history h WHERE h.taken_at > now_ms() - CAST($1 AS BIGINT)
      GROUP BY h.location, began ORDER BY h.location, began
      """, [.milliseconds(span), .integer(stretchMs)])
    let points = try rows.map { (row) throws(CatalogError) in
      ReplicationHistory.Point(
        location: try row.location(0), beganAtMs: try row.integer(1), pending: try row.integer(2),
        pendingBytes: try row.integer(3), lagSeconds: try row.integer(4))
    }
    return ReplicationHistory(nowMs: try rows.first?.integer(5) ?? 0, stretchMs: stretchMs, points: points)
  }
}
