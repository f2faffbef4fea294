package import SharedModel

/// How an upload session moves on: checkpoints, and its end without a blob.
extension Catalog {
  /// Makes the session's progress durable, prolongs the lock by `lease` or gives it back, and returns the session saved.
  ///
  /// Throws `conflict(.uploadLockLost)` where the lock is no longer held under `token`; nothing is then written. A tail
  /// object that this checkpoint replaces is put on record for deletion in the same transaction.
  package func checkpointUpload(
    _ session: UploadSession, token: RandomIdentifier, lease: Duration = .seconds(60), unlocking: Bool = false
  ) async throws(CatalogError) -> UploadSession {
    guard session.unsavedParts.allSatisfy({ !$0.tag.isEmpty && !$0.tag.utf8.contains(UInt8(ascii: "\n")) }) else {
      throw .invalidParameter(detail: "the tag of an upload part must be one line")
    }
    let lock =
      unlocking
      ? "lock_token = NULL, locked_until = NULL" : "locked_until = now_ms() + CAST($14 AS BIGINT)"
    var parameters: [SQLValue] = [
      .text(session.id.hex), .text(token.hex), .integer(session.offsetBytes), .bytes(session.hashState),
      .text(session.multipartID), .text(session.tail?.key.description), .integer(session.tail?.sizeBytes),
      .integer(Int64(session.parts.count)), .integers(session.unsavedParts.map { Int64($0.number) }),
      .integers(session.unsavedParts.map(\.sizeBytes)), .texts(session.unsavedParts.map(\.tag)),
      .milliseconds(Self.deletionGrace), .text("replaced upload tail"),
    ]
    if !unlocking { parameters.append(.milliseconds(lease)) }
    let rows = try await write(
      """
      WITH previous AS (
        SELECT s.id, s.location, s.tail_key FROM upload_sessions s WHERE s.id = $1 AND s.lock_token = $2
        \(dialect.lockingRows("s"))
      ), saved AS (
        UPDATE upload_sessions SET offset_bytes = $3, hash_state = $4, multipart_id = $5, tail_key = $6,
          tail_size = $7, part_count = $8, version = version + 1, expires_at = now_ms() + lifetime_ms, \(lock)
        FROM previous WHERE upload_sessions.id = previous.id
        RETURNING upload_sessions.id, version, previous.location AS old_location, previous.tail_key AS old_tail
      ), written AS (
        INSERT INTO upload_parts (upload, number, size, tag)
        SELECT saved.id, part.number, part.size, part.tag FROM saved CROSS JOIN
          \(dialect.rows("part", .integers("number", 9), .integers("size", 10), .texts("tag", 11)))
        ON CONFLICT (upload, number) DO UPDATE SET size = excluded.size, tag = excluded.tag
      ), surplus AS (
        INSERT INTO object_deletions (location, object_key, not_before, reason)
        SELECT old_location, old_tail, now_ms() + CAST($12 AS BIGINT), $13 FROM saved
        WHERE old_tail IS NOT NULL AND ($6 IS NULL OR old_tail <> $6)
        ON CONFLICT (location, object_key, multipart_id) DO NOTHING
      )
      SELECT version FROM saved
      """, parameters)
    guard let row = rows.first else { throw .conflict(.uploadLockLost) }
    return session.saved(version: try row.integer(0))
  }

  /// Has a session of which nothing is stored yet go on at another location, under a key of that, and returns it as saved.
  ///
  /// Throws `conflict(.uploadLockLost)` where the lock is no longer held under `token`, or something is stored.
  package func moveUpload(
    _ session: UploadSession, token: RandomIdentifier, to location: LocationID, key: ObjectKey
  ) async throws(CatalogError) -> UploadSession {
    let rows = try await write(
      """
      UPDATE upload_sessions SET location = $3, object_key = $4, version = version + 1
      WHERE id = $1 AND lock_token = $2 AND offset_bytes = 0 AND multipart_id IS NULL AND tail_key IS NULL
      RETURNING version
      """,
      [.text(session.id.hex), .text(token.hex), .text(location.description), .text(key.description)])
    guard let row = rows.first else { throw .conflict(.uploadLockLost) }
    return session.moved(to: location, key: key).saved(version: try row.integer(0))
  }

  /// Ends the session without a blob; what it left in the store is put on record for deletion.
  ///
  /// False where the session is gone or its lock is not held under `token`.
  package func deleteUpload(_ id: UploadID, token: RandomIdentifier) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      WITH session AS (
        DELETE FROM upload_sessions WHERE id = $1 AND lock_token = $2
        RETURNING id, location, object_key, multipart_id, tail_key
      ), \(Self.residue(of: "session", keeping: nil, grace: 3))
      SELECT id FROM session
      """,
      [.text(id.hex), .text(token.hex), .milliseconds(Self.deletionGrace)])
    return !rows.isEmpty
  }

  /// The sessions nobody has touched for their lifetime, oldest first.
  package func expiredUploads(limit: Int) async throws(CatalogError) -> [UploadSession] {
    let rows = try await read(
      """
      SELECT \(Self.uploadColumns("s")), \(uploadParts(of: "s.id")) FROM upload_sessions s
      WHERE s.expires_at <= now_ms() AND (s.locked_until IS NULL OR s.locked_until <= now_ms())
      ORDER BY s.expires_at, s.id LIMIT $1
      """, [.integer(Int64(limit))])
    return try rows.map { (row) throws(CatalogError) in try Self.uploadSession(row) }
  }

  /// Ends up to `limit` sessions that have expired as `deleteUpload` does and returns how many those were (I7).
  ///
  /// Forgets finished sessions whose time has come as well, a bounded number at a time.
  package func expireUploads(limit: Int) async throws(CatalogError) -> Int {
    let rows = try await write(
      """
      WITH expired AS (
        SELECT s.id FROM upload_sessions s
        WHERE s.expires_at <= now_ms() AND (s.locked_until IS NULL OR s.locked_until <= now_ms())
        ORDER BY s.expires_at, s.id LIMIT \(Self.plannedLimit(limit)) \(dialect.skippingLocked("s"))
      ), session AS (
        DELETE FROM upload_sessions WHERE id IN (SELECT id FROM expired LIMIT $1)
        RETURNING id, location, object_key, multipart_id, tail_key
      ), forgotten AS (
        DELETE FROM finished_uploads WHERE id IN (
          SELECT f.id FROM finished_uploads f WHERE f.expires_at <= now_ms()
          ORDER BY f.expires_at LIMIT 1000 \(dialect.skippingLocked("f")))
      ), \(Self.residue(of: "session", keeping: nil, grace: 2))
      SELECT id FROM session
      """, [.integer(Int64(limit)), .milliseconds(Self.deletionGrace)])
    return rows.count
  }

  /// A WITH clause that puts on record what deleted sessions left in the store: the object, the multipart upload and
  /// the tail, except the key bound as parameter `keeping`. The grace is bound as parameter `grace`.
  static func residue(of sessions: String, keeping: Int?, grace: Int) -> String {
    let others = keeping.map { "WHERE left_over.object_key <> $\($0)" } ?? ""
    return """
      residue AS (
        INSERT INTO object_deletions (location, object_key, multipart_id, not_before, reason)
        SELECT DISTINCT left_over.location, left_over.object_key, left_over.multipart_id,
          now_ms() + CAST($\(grace) AS BIGINT), 'ended upload'
        FROM (
          SELECT location, object_key, '' AS multipart_id FROM \(sessions)
          UNION ALL
          SELECT location, object_key, multipart_id FROM \(sessions) WHERE multipart_id IS NOT NULL
          UNION ALL
          SELECT location, tail_key, '' FROM \(sessions) WHERE tail_key IS NOT NULL
        ) left_over
        \(others)
        ON CONFLICT (location, object_key, multipart_id) DO NOTHING
      )
      """
  }
}
