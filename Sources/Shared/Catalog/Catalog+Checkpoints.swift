package import SharedModel
package import SharedQueue

/// Checkpoints of copies in parts; each call counts only while the job's lease token holds (I9).
extension Catalog {
  /// A condition on `jobs j` with the parameters id (1) and token (2).
  private static let isHeld = "j.id = $1 AND j.state = 'leased' AND j.lease_token = $2"

  /// Where the copy of the job can be taken up again; nil where there is no checkpoint or the lease is lost.
  package func checkpoint(of job: ReplicationJob) async throws(CatalogError) -> CopyCheckpoint? {
    // On the writing path: what an earlier holder of the job has written last must be seen.
    let rows = try await write(
      """
      SELECT c.object_key, c.multipart_id, c.part_bytes, c.offset_bytes, c.hash_state, p.number, p.size, p.tag
      FROM jobs j JOIN copy_checkpoints c ON c.job = j.id LEFT JOIN copy_parts p ON p.job = c.job
      WHERE \(Self.isHeld) ORDER BY p.number
      """, Self.holder(of: job))
    guard let first = rows.first else { return nil }
    var parts: [UploadPartRecord] = []
    for row in rows where try !row.isNull(5) {
      parts.append(
        UploadPartRecord(number: try row.count(5), sizeBytes: try row.integer(6), tag: try row.text(7)))
    }
    return CopyCheckpoint(
      key: try first.key(0), multipartID: try first.text(1), partBytes: try first.integer(2),
      offsetBytes: try first.integer(3), hashState: try first.bytes(4), parts: parts)
  }

  /// Puts a multipart upload that was just begun on record; false where the lease is lost or another checkpoint stands.
  ///
  /// Its parts are written by `advanceCheckpoint`. Saying the same again is true again.
  package func beginCheckpoint(
    _ checkpoint: CopyCheckpoint, of job: ReplicationJob
  ) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      WITH held AS (
        SELECT j.id, j.target FROM jobs j WHERE \(Self.isHeld) \(dialect.lockingRows("j"))
      )
      INSERT INTO copy_checkpoints (job, location, object_key, multipart_id, part_bytes, offset_bytes, hash_state)
      SELECT held.id, held.target, $3, $4, $5, $6, $7 FROM held
      ON CONFLICT (job) DO UPDATE SET updated_at = now_ms()
      WHERE copy_checkpoints.object_key = excluded.object_key AND copy_checkpoints.multipart_id = excluded.multipart_id
      RETURNING job
      """,
      Self.holder(of: job) + [
        .text(checkpoint.key.description), .text(checkpoint.multipartID), .integer(checkpoint.partBytes),
        .integer(checkpoint.offsetBytes), .bytes(checkpoint.hashState),
      ])
    return !rows.isEmpty
  }

  /// Adds confirmed parts and moves offset and hash on to the end of the last of them; false where the lease is lost or
  /// there is no checkpoint.
  ///
  /// Progress also clears the job's rescues: a copy that gets on is not what took its workers down.
  package func advanceCheckpoint(
    of job: ReplicationJob, adding parts: [UploadPartRecord], offsetBytes: Int64, hashState: [UInt8]
  ) async throws(CatalogError) -> Bool {
    let forgiven =
      job.rescues == 0
      ? "" : ", forgiven AS (UPDATE jobs SET rescues = 0 WHERE id IN (SELECT job FROM moved) RETURNING id)"
    let rows = try await write(
      """
      WITH held AS (
        SELECT j.id FROM jobs j WHERE \(Self.isHeld) \(dialect.lockingRows("j"))
      ), moved AS (
        UPDATE copy_checkpoints SET offset_bytes = $3, hash_state = $4, updated_at = now_ms()
        WHERE job IN (SELECT id FROM held) AND offset_bytes <= $3 RETURNING job
      ), written AS (
        INSERT INTO copy_parts (job, number, size, tag)
        SELECT moved.job, part.number, part.size, part.tag FROM moved CROSS JOIN
          \(dialect.rows("part", .integers("number", 5), .integers("size", 6), .texts("tag", 7)))
        ON CONFLICT (job, number) DO UPDATE SET size = excluded.size, tag = excluded.tag
      )\(forgiven)
      SELECT job FROM moved
      """,
      Self.holder(of: job) + [
        .integer(offsetBytes), .bytes(hashState), .integers(parts.map { Int64($0.number) }),
        .integers(parts.map(\.sizeBytes)), .texts(parts.map(\.tag)),
      ])
    return !rows.isEmpty
  }

  /// Forgets the checkpoint and puts its object and its multipart upload on record for deletion; false where the lease
  /// is lost.
  package func dropCheckpoint(of job: ReplicationJob, reason: String) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      WITH held AS (
        SELECT j.id FROM jobs j WHERE \(Self.isHeld) \(dialect.lockingRows("j"))
      ), previous AS (
        DELETE FROM copy_checkpoints WHERE job IN (SELECT id FROM held) RETURNING location, object_key, multipart_id
      ), \(Self.abandonedCopies("previous", reason: "CAST($4 AS TEXT)", grace: 3))
      SELECT id FROM held
      """, Self.holder(of: job) + [.milliseconds(Self.deletionGrace), .text(Self.storable(reason))])
    return !rows.isEmpty
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

  private static func holder(of job: ReplicationJob) -> [SQLValue] {
    [.integer(job.id.rawValue), .text(job.leaseToken.hex)]
  }
}
