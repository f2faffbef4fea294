import SharedModel

/// What is done about checkpoints that nobody goes on with.
extension Catalog {
  /// Forgets up to `limit` checkpoints of jobs that came to their end otherwise, by a push, and puts their uploads on
  /// record for deletion; returns how many those were. Housekeeping.
  package func dropIdleCheckpoints(limit: Int) async throws(CatalogError) -> Int {
    let rows = try await write(
      """
      WITH idle AS (
        SELECT c.job FROM copy_checkpoints c JOIN jobs j ON j.id = c.job WHERE j.state = 'done'
        ORDER BY c.job LIMIT \(Self.plannedLimit(limit)) \(dialect.skippingLocked("c"))
      ), previous AS (
        DELETE FROM copy_checkpoints WHERE job IN (SELECT job FROM idle LIMIT $1)
        RETURNING job, location, object_key, multipart_id
      ), \(Self.abandonedCopies("previous", reason: "'the blob came by another way'", grace: 2))
      SELECT job FROM previous
      """, [.integer(Int64(limit)), .milliseconds(Self.deletionGrace)])
    return rows.count
  }

  /// A WITH clause that puts on record what unfinished copies left in the store: the multipart upload, and the object
  /// in case a worker that lost its lease has completed it meanwhile.
  ///
  /// `copies` is what follows FROM; `alias` names the row source in it that has location, object_key and multipart_id.
  static func abandonedCopies(
    _ copies: String, of alias: String = "previous", reason: String, grace: Int
  ) -> String {
    """
    abandoned AS (
      INSERT INTO object_deletions (location, object_key, multipart_id, not_before, reason)
      SELECT left_over.location, left_over.object_key, left_over.multipart_id, now_ms() + CAST($\(grace) AS BIGINT),
        \(reason)
      FROM (
        SELECT \(alias).location, \(alias).object_key, \(alias).multipart_id FROM \(copies)
        UNION ALL SELECT \(alias).location, \(alias).object_key, '' FROM \(copies)
      ) left_over
      ON CONFLICT (location, object_key, multipart_id) DO NOTHING
    )
    """
  }
}
