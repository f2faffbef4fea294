package import SharedModel

/// Upload sessions: begun, found, locked by one writer at a time across all instances, and given up.
extension Catalog {
  /// Opens a session; it ends by itself once it has not been touched for `lifetime`, and one that was never written to
  /// after an hour, because clients whose mount failed leave such sessions behind.
  ///
  /// False, with nothing opened, where the principal has `maximumOpen` sessions already (security rule 17). Requests at
  /// the same instant may exceed that by their number.
  @discardableResult
  package func beginUpload(
    id: UploadID, repository: RepositoryID, principal: String, location: LocationID, key: ObjectKey,
    hashState: [UInt8], lifetime: Duration, maximumOpen: Int = .max
  ) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      INSERT INTO upload_sessions
        (id, repository, principal, location, object_key, hash_state, lifetime_ms, expires_at)
      SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT),
        CAST($6 AS BYTEA), CAST($7 AS BIGINT), now_ms() + CAST($8 AS BIGINT)
      WHERE (SELECT count(*) FROM upload_sessions WHERE principal = $3 AND expires_at > now_ms()) < CAST($9 AS BIGINT)
      RETURNING id
      """,
      [
        .text(id.hex), .integer(repository.rawValue), .text(principal), .text(location.description),
        .text(key.description), .bytes(hashState), .milliseconds(lifetime),
        .milliseconds(min(lifetime, Self.unusedUploadLifetime)), .integer(Int64(maximumOpen)),
      ])
    return !rows.isEmpty
  }

  /// How long a session lives that nothing was written to.
  private static let unusedUploadLifetime = Duration.seconds(3600)

  /// Whether the session ended as this blob lately, of this repository and principal, and the blob is still linked: the
  /// answer to a client that ends its upload again because it never got the first answer.
  package func hasFinishedUpload(
    _ id: UploadID, in repository: RepositoryName, principal: String, digest: Digest
  ) async throws(CatalogError) -> Bool {
    let rows = try await read(
      """
      SELECT b.id FROM finished_uploads f
      JOIN repositories r ON r.id = f.repository
      JOIN blobs b ON b.id = f.blob
      JOIN repository_blobs l ON l.repository = f.repository AND l.blob = f.blob
      WHERE f.id = $1 AND r.name = $2 AND f.principal = $3 AND b.digest = $4 AND f.expires_at > now_ms()
      """,
      [.text(id.hex), .text(repository.description), .text(principal), .text(digest.description)])
    return !rows.isEmpty
  }

  /// The session, where it belongs to this repository and principal and has not expired.
  package func upload(
    _ id: UploadID, in repository: RepositoryName, principal: String
  ) async throws(CatalogError) -> UploadSession? {
    let rows = try await read(
      """
      SELECT \(Self.uploadColumns("s")), \(uploadParts(of: "s.id"))
      FROM upload_sessions s JOIN repositories r ON r.id = s.repository
      WHERE s.id = $1 AND r.name = $2 AND s.principal = $3 AND s.expires_at > now_ms()
      """,
      [.text(id.hex), .text(repository.description), .text(principal)])
    return try rows.first.map { (row) throws(CatalogError) in try Self.uploadSession(row) }
  }

  /// Makes `token` the session's only writer for `lease`, unless another one's lease still runs.
  ///
  /// The same token may lock again. What the session then says is what the last checkpoint wrote.
  package func lockUpload(
    _ id: UploadID, in repository: RepositoryName, principal: String, token: RandomIdentifier, lease: Duration
  ) async throws(CatalogError) -> UploadLock {
    let rows = try await write(
      """
      WITH session AS (
        SELECT s.id FROM upload_sessions s JOIN repositories r ON r.id = s.repository
        WHERE s.id = $1 AND r.name = $2 AND s.principal = $3 AND s.expires_at > now_ms()
      ), locked AS (
        UPDATE upload_sessions SET lock_token = $4, locked_until = now_ms() + $5, expires_at = now_ms() + lifetime_ms
        WHERE id IN (SELECT id FROM session)
          AND (lock_token IS NULL OR lock_token = $4 OR locked_until <= now_ms())
        RETURNING *
      )
      SELECT \(Self.uploadColumns("locked")), \(uploadParts(of: "locked.id"))
      FROM session LEFT JOIN locked ON locked.id = session.id
      """,
      [
        .text(id.hex), .text(repository.description), .text(principal), .text(token.hex), .milliseconds(lease),
      ])
    guard let row = rows.first else { return .unknown }
    if try row.isNull(0) { return .busy }
    let session = try Self.uploadSession(row)
    let partCount = try row.count(Self.partCountColumn)
    guard session.parts.count != partCount else { return .locked(session) }
    // The lock was waited for, and the parts were read as they were before the wait: read them again, under the lock.
    let parts = try Self.uploadParts(
      try await write("SELECT \(uploadParts(of: "$1"))", [.text(id.hex)]).first?.optionalText(0))
    guard parts.count == partCount else { throw .invalidRow(detail: "an upload session lacks parts") }
    return .locked(session.with(parts: parts))
  }

  /// Prolongs the lock; false where it is no longer held under this token.
  package func extendUploadLock(
    _ id: UploadID, token: RandomIdentifier, lease: Duration
  ) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      UPDATE upload_sessions SET locked_until = now_ms() + $3, expires_at = now_ms() + lifetime_ms
      WHERE id = $1 AND lock_token = $2 RETURNING id
      """,
      [.text(id.hex), .text(token.hex), .milliseconds(lease)])
    return !rows.isEmpty
  }

  /// Gives the lock back; a lock no longer held is left alone.
  package func unlockUpload(_ id: UploadID, token: RandomIdentifier) async throws(CatalogError) {
    _ = try await write(
      "UPDATE upload_sessions SET lock_token = NULL, locked_until = NULL WHERE id = $1 AND lock_token = $2",
      [.text(id.hex), .text(token.hex)])
  }
}

// MARK: - Rows

extension Catalog {
  /// The columns `uploadSession` reads, of the table alias `alias`.
  static func uploadColumns(_ alias: String) -> String {
    [
      "id", "repository", "principal", "location", "object_key", "created_at", "offset_bytes", "hash_state",
      "multipart_id", "tail_key", "tail_size", "version", "part_count",
    ].map { "\(alias).\($0)" }.joined(separator: ", ")
  }

  static let partCountColumn = 12

  /// A subquery: the parts of a session as lines of number, size and tag.
  func uploadParts(of id: String) -> String {
    "(SELECT \(dialect.lines("number || ' ' || size || ' ' || tag")) FROM upload_parts WHERE upload = \(id))"
  }

  /// Reads `uploadColumns` and, after them, `uploadParts`.
  static func uploadSession(_ row: SQLRow) throws(CatalogError) -> UploadSession {
    var tail: UploadTail?
    if let tailSize = try row.optionalInteger(10) { tail = UploadTail(key: try row.key(9), sizeBytes: tailSize) }
    return UploadSession(
      id: try row.identifier(0), repository: RepositoryID(rawValue: try row.integer(1)), principal: try row.text(2),
      location: try row.location(3), key: try row.key(4), createdAtMs: try row.integer(5),
      offsetBytes: try row.integer(6), hashState: try row.bytes(7), multipartID: try row.optionalText(8),
      parts: try uploadParts(row.optionalText(13)), tail: tail, version: try row.integer(11))
  }

  private static func uploadParts(_ lines: String?) throws(CatalogError) -> [UploadPartRecord] {
    guard let lines else { return [] }
    var parts: [UploadPartRecord] = []
    for line in lines.split(separator: "\n") {
      let fields = line.split(separator: " ", maxSplits: 2)
      guard fields.count == 3, let number = Int(fields[0]), let sizeBytes = Int64(fields[1]) else {
        throw .invalidRow(detail: "an upload part")
      }
      parts.append(UploadPartRecord(number: number, sizeBytes: sizeBytes, tag: String(fields[2])))
    }
    return parts.sorted { $0.number < $1.number }
  }
}
