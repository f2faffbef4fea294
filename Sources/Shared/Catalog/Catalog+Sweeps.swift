/// Long walks through a table or a bucket: one process at a time does each, and another one goes on where it stopped.
///
/// A sweep's name and the form of its cursor belong to whoever walks. Leases are measured by the database's clock; a
/// holder that lost its lease learns it from the next `saveSweep` and must stop.
extension Catalog {
  /// Takes the sweep for `lease`; nil where another holder's lease runs.
  ///
  /// The state's cursor is where to go on; where it is nil a round begins, unless the last one was completed less than
  /// `interval` ago: then the answer is nil too. `holder` names one walk of one process and must differ between them;
  /// the same holder may take it again.
  package func claimSweep(
    _ name: String, holder: String, lease: Duration, notWithin interval: Duration = .zero
  ) async throws(CatalogError) -> SweepState? {
    let rows = try await write(
      """
      INSERT INTO sweeps (name, holder, held_until, started_at)
      VALUES ($1, $2, now_ms() + CAST($3 AS BIGINT), now_ms())
      ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until,
        started_at = CASE WHEN sweeps.cursor IS NULL THEN excluded.started_at ELSE sweeps.started_at END,
        progress = CASE WHEN sweeps.cursor IS NULL THEN '{}' ELSE sweeps.progress END
      WHERE (sweeps.holder IS NULL OR sweeps.holder = excluded.holder OR sweeps.held_until <= now_ms())
        AND (sweeps.cursor IS NOT NULL OR sweeps.finished_at IS NULL
          OR sweeps.finished_at + CAST($4 AS BIGINT) <= now_ms())
      RETURNING \(Self.sweepColumns)
      """,
      [.text(name), .text(Self.storable(holder)), .milliseconds(lease), .milliseconds(interval)])
    return try rows.first.map { (row) throws(CatalogError) in try Self.sweepState(row) }
  }

  /// Makes the walk's place and counts durable and prolongs the lease; false where the sweep was taken over.
  ///
  /// What was done for the rows up to `cursor` must be durable before: a successor does not look at them again.
  package func saveSweep(
    _ sweep: SweepState, cursor: String, progress: String, lease: Duration
  ) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      UPDATE sweeps SET cursor = $3, progress = $4, held_until = now_ms() + CAST($5 AS BIGINT)
      WHERE name = $1 AND holder = $2 RETURNING name
      """,
      [.text(sweep.name), .text(sweep.holder), .text(cursor), .text(progress), .milliseconds(lease)])
    return !rows.isEmpty
  }

  /// Ends a whole round: the next claim begins at the beginning. False where the sweep was taken over.
  @discardableResult
  package func finishSweep(_ sweep: SweepState, progress: String) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      UPDATE sweeps SET cursor = NULL, progress = $3, holder = NULL, held_until = NULL, finished_at = now_ms()
      WHERE name = $1 AND holder = $2 RETURNING name
      """,
      [.text(sweep.name), .text(sweep.holder), .text(progress)])
    return !rows.isEmpty
  }

  /// Lets go of the sweep between two steps, so that the next holder need not wait for the lease to run out.
  package func releaseSweep(_ sweep: SweepState) async throws(CatalogError) {
    _ = try await write(
      "UPDATE sweeps SET holder = NULL, held_until = NULL WHERE name = $1 AND holder = $2",
      [.text(sweep.name), .text(sweep.holder)])
  }

  /// The sweeps whose names begin with `prefix`, ordered by name, as they stand.
  package func sweeps(named prefix: String = "") async throws(CatalogError) -> [SweepState] {
    let rows = try await read(
      """
      SELECT \(Self.sweepColumns) FROM sweeps WHERE substring(name FROM 1 FOR char_length(CAST($1 AS TEXT))) = $1
      ORDER BY name LIMIT 1000
      """, [.text(prefix)])
    return try rows.map { (row) throws(CatalogError) in try Self.sweepState(row) }
  }

  private static let sweepColumns = "name, holder, cursor, progress, started_at, finished_at"

  private static func sweepState(_ row: SQLRow) throws(CatalogError) -> SweepState {
    SweepState(
      name: try row.text(0), holder: try row.optionalText(1), cursor: try row.optionalText(2),
      progress: try row.text(3), startedAtMs: try row.optionalInteger(4), finishedAtMs: try row.optionalInteger(5))
  }
}
