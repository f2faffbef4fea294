package import SharedModel

/// Objects nothing refers to any more: recorded when the last reference goes, forgotten when the store has confirmed.
extension Catalog {
  /// How long a recorded object is left alone: long enough for a request of a moment ago to end.
  package static let deletionGrace: Duration = .seconds(60)

  /// Records an object (or a multipart upload) to be deleted after `grace`; one on record already stays as it is.
  ///
  /// A key that is a placement by then is spared, so recording after an unknown commit outcome is safe.
  package func recordObjectDeletion(
    of key: ObjectKey, at location: LocationID, multipartID: String? = nil, reason: String,
    grace: Duration = deletionGrace
  ) async throws(CatalogError) {
    _ = try await write(
      """
      INSERT INTO object_deletions (location, object_key, multipart_id, reason, not_before)
      VALUES ($1, $2, $3, $4, now_ms() + $5)
      ON CONFLICT (location, object_key, multipart_id) DO NOTHING
      """,
      [
        .text(location.description), .text(key.description), .text(multipartID ?? ""), .text(Self.storable(reason)),
        .milliseconds(grace),
      ])
  }

  /// Takes up to `limit` due deletions at these locations; each comes again after `lease` unless it is finished.
  ///
  /// Nothing is taken at a location that is read-only (G18). Records of keys that are placements, or belong to a push or a copy in progress, are dropped instead (I7): whoever
  /// ends those puts them on record again.
  package func claimObjectDeletions(
    at locations: [LocationID], limit: Int, lease: Duration
  ) async throws(CatalogError) -> [ObjectDeletion] {
    guard !locations.isEmpty, limit > 0 else { return [] }
    let rows = try await write(
      """
      WITH waiting AS (
        SELECT d.id, d.location, d.object_key, d.multipart_id, d.not_before FROM object_deletions d
        WHERE d.location IN (
            SELECT l.id FROM \(dialect.rows("wanted", .texts("location", 1)))
            JOIN locations l ON l.id = wanted.location AND l.state <> 'read-only')
          AND d.not_before <= now_ms()
        ORDER BY d.not_before, d.id LIMIT \(Self.plannedLimit(limit)) \(dialect.skippingLocked("d"))
      ), due AS (
        SELECT d.id, CASE WHEN \(Self.isInUse(item: "d")) THEN 1 ELSE 0 END AS is_live
        FROM waiting d ORDER BY d.not_before, d.id LIMIT $2
      ), spared AS (
        DELETE FROM object_deletions WHERE id IN (SELECT id FROM due WHERE is_live = 1)
      )
      UPDATE object_deletions SET not_before = now_ms() + CAST($3 AS BIGINT), attempts = attempts + 1
      WHERE id IN (SELECT id FROM due WHERE is_live = 0)
      RETURNING id, location, object_key, multipart_id, reason
      """,
      [.texts(Set(locations).sorted().map(\.description)), .integer(Int64(limit)), .milliseconds(lease)])
    return try rows.map { (row) throws(CatalogError) in
      let multipartID = try row.text(3)
      return ObjectDeletion(
        id: try row.integer(0), location: try row.location(1), key: try row.key(2),
        multipartID: multipartID.isEmpty ? nil : multipartID, reason: try row.text(4))
    }
  }

  /// A condition on an object (or a multipart upload, by its id) `item` of columns location, object_key and multipart_id:
  /// something refers to it, or is still making it.
  static func isInUse(item: String) -> String {
    """
    CASE WHEN \(item).multipart_id = '' THEN
        EXISTS (
          SELECT 1 FROM placements p WHERE p.location = \(item).location AND p.object_key = \(item).object_key)
        OR EXISTS (
          SELECT 1 FROM upload_sessions s WHERE s.location = \(item).location
            AND (s.object_key = \(item).object_key OR s.tail_key = \(item).object_key))
        OR EXISTS (
          SELECT 1 FROM copy_checkpoints c WHERE c.location = \(item).location AND c.object_key = \(item).object_key)
      ELSE
        EXISTS (
          SELECT 1 FROM upload_sessions s WHERE s.location = \(item).location
            AND s.object_key = \(item).object_key AND s.multipart_id = \(item).multipart_id)
        OR EXISTS (
          SELECT 1 FROM copy_checkpoints c WHERE c.location = \(item).location
            AND c.object_key = \(item).object_key AND c.multipart_id = \(item).multipart_id)
      END
    """
  }

  /// Writes down why deletions failed; each comes again after 15 s times the square of its attempts, an hour at most.
  package func failObjectDeletions(
    _ failures: [(deletion: ObjectDeletion, error: String)]
  ) async throws(CatalogError) {
    guard !failures.isEmpty else { return }
    _ = try await write(
      """
      UPDATE object_deletions SET last_error = failure.error, not_before = now_ms()
        + CASE WHEN attempts >= 16 THEN 3600000 ELSE 15000 * CAST(attempts AS BIGINT) * attempts END
      FROM \(dialect.rows("failure", .integers("id", 1), .texts("error", 2))) WHERE object_deletions.id = failure.id
      """,
      [.integers(failures.map(\.deletion.id)), .texts(failures.map { Self.storable($0.error) })])
  }

  /// What waits to be deleted at each location that has any, ordered by location.
  package func deletionBacklog() async throws(CatalogError) -> [DeletionBacklog] {
    let rows = try await read(
      """
      SELECT d.location, count(*), count(CASE WHEN d.not_before <= now_ms() THEN 1 END), count(d.last_error),
        now_ms() - min(d.created_at), max(d.last_error)
      FROM object_deletions d GROUP BY d.location ORDER BY d.location
      """, [])
    return try rows.map { (row) throws(CatalogError) in
      DeletionBacklog(
        location: try row.location(0), waiting: try row.count(1), due: try row.count(2), failing: try row.count(3),
        oldestAgeMs: try row.integer(4), lastError: try row.optionalText(5))
    }
  }

  /// Forgets deletions the store has confirmed.
  package func finishObjectDeletions(_ deletions: [ObjectDeletion]) async throws(CatalogError) {
    guard !deletions.isEmpty else { return }
    _ = try await write(
      """
      DELETE FROM object_deletions
      WHERE id IN (SELECT item.id FROM \(dialect.rows("item", .integers("id", 1))))
      """, [.integers(deletions.map(\.id))])
  }
}
