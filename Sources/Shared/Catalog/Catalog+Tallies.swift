/// Exact counts at no cost to writers: triggers append differences, this sums them up (decision 0005).
extension Catalog {
  /// Adds up to `limit` appended differences to the tallies and returns how many those were. Housekeeping; any number
  /// of processes may do it at once.
  ///
  /// One statement, so a difference is taken away exactly when it is added, and a reader sees it once, before or after.
  package func foldTallies(limit: Int) async throws(CatalogError) -> Int {
    let rows = try await write(
      """
      WITH taken AS (
        DELETE FROM tally_deltas WHERE id IN (
          SELECT oldest.id FROM (
            SELECT d.id FROM tally_deltas d ORDER BY d.id LIMIT \(Self.plannedLimit(limit)) \(dialect.skippingLocked("d"))
          ) oldest LIMIT $1)
        RETURNING location, kind, objects, bytes
      ), folded AS (
        INSERT INTO tallies (location, kind, objects, bytes)
        SELECT location, kind, CAST(sum(objects) AS BIGINT), CAST(sum(bytes) AS BIGINT)
        FROM taken GROUP BY location, kind ORDER BY location, kind
        ON CONFLICT (location, kind) DO UPDATE SET objects = tallies.objects + excluded.objects,
          bytes = tallies.bytes + excluded.bytes
      )
      SELECT count(*) FROM taken
      """, [.integer(Int64(limit))])
    return try rows.first?.count(0) ?? 0
  }

  /// A row source: the true counts (location, kind, objects, bytes) at the instant of the statement.
  static let countedTallies = """
    (
      SELECT location, kind, CAST(sum(objects) AS BIGINT) AS objects, CAST(sum(bytes) AS BIGINT) AS bytes FROM (
        SELECT location, kind, objects, bytes FROM tallies UNION ALL SELECT location, kind, objects, bytes FROM tally_deltas
      ) part GROUP BY location, kind
    )
    """
}
