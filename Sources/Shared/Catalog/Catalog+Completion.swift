import SharedModel
package import SharedQueue

/// How copies become placements.
extension Catalog {
  /// Records verified copies and ends their jobs, each only while its lease token holds (I2, I9).
  ///
  /// One transaction for the batch, one round trip; a second one only where a lease was lost. Reporting the same copy
  /// again is `placed` again, so after `outcomeUnknown` the same batch may be reported once more. Objects that did not
  /// become the placement are on record for deletion when this returns. Where the copy was quarantined between claim
  /// and report, the outcome is `placed` and the job is queued again. The job's checkpoint goes with it; a multipart
  /// upload that the copy did not come from is put on record for deletion.
  package func completeJobs(_ done: [JobCompletion]) async throws(CatalogError) -> [JobID: CompletionOutcome] {
    let items = Dictionary(done.map { ($0.job.id, $0) }) { first, _ in first }.values.sorted { $0.job.id < $1.job.id }
    guard !items.isEmpty else { return [:] }
    let rows = try await write(completeStatement(), Self.parameters(items))
    var outcomes: [JobID: CompletionOutcome] = [:]
    var keys: [JobID: ObjectKey] = [:]
    for row in rows {
      let id = JobID(rawValue: try row.integer(0))
      if try !row.isNull(1) { keys[id] = try row.key(1) }
      outcomes[id] = .placed
    }
    for item in items {
      if let existing = keys[item.job.id], existing != item.key {
        outcomes[item.job.id] = .alreadyPlaced(existing: existing)
      }
    }
    let lost = items.filter { outcomes[$0.job.id] == nil }
    if !lost.isEmpty { outcomes.merge(try await settle(lost)) { first, _ in first } }
    return outcomes
  }

  /// The rows of the blobs come first, in order, as they do in a commit: so reports and pushes never deadlock.
  private func completeStatement() -> String {
    let items = dialect.rows(
      "item", .integers("id", 1), .texts("token", 2), .texts("object_key", 3), .texts("source", 4),
      .integers("bytes_read", 5), .integers("duration_ms", 6))
    return """
      WITH shared AS (
        SELECT b.id FROM blobs b WHERE b.id IN (SELECT item.blob FROM \(dialect.rows("item", .integers("blob", 8))))
        ORDER BY b.id \(dialect.sharingRows("b"))
      ), held AS (
        SELECT j.id, j.blob, j.target, item.object_key, item.source, item.bytes_read, item.duration_ms
        FROM jobs j JOIN \(items) ON item.id = j.id JOIN shared ON shared.id = j.blob
        WHERE j.state = 'leased' AND j.lease_token = item.token ORDER BY j.id \(dialect.lockingRows("j"))
      ), placed AS (
        INSERT INTO placements (blob, location, object_key) SELECT blob, target, object_key FROM held
        ON CONFLICT (blob, location) DO UPDATE SET \(Self.keepVerifiedPlacement)
        WHERE placements.state = 'verified' OR placements.object_key <> excluded.object_key
        RETURNING blob, location, object_key, replaced_key
      ), finished AS (
        UPDATE jobs SET state = CASE WHEN report.is_placed = 1 THEN 'done' ELSE 'queued' END,
          done_at = CASE WHEN report.is_placed = 1 THEN now_ms() END, not_before = now_ms(), \(Self.noLease),
          last_error = NULL, source = report.source, bytes_read = report.bytes_read,
          duration_ms = report.duration_ms
        FROM (
          SELECT held.*, CASE WHEN placed.blob IS NULL THEN 0 ELSE 1 END AS is_placed
          FROM held LEFT JOIN placed ON placed.blob = held.blob AND placed.location = held.target
        ) report
        WHERE jobs.id = report.id
      ), surplus AS (
        INSERT INTO object_deletions (location, object_key, not_before, reason)
        SELECT held.target, held.object_key, now_ms() + CAST($7 AS BIGINT), 'surplus copy'
        FROM held JOIN placed ON placed.blob = held.blob AND placed.location = held.target
        WHERE placed.object_key <> held.object_key
        UNION ALL
        SELECT placed.location, placed.replaced_key, now_ms() + CAST($7 AS BIGINT), 'replaced copy' FROM placed
        WHERE placed.replaced_key IS NOT NULL
        ON CONFLICT (location, object_key, multipart_id) DO NOTHING
      ), checkpoint AS (
        DELETE FROM copy_checkpoints WHERE job IN (SELECT id FROM held)
        RETURNING job, location, object_key, multipart_id
      ), abandoned AS (
        INSERT INTO object_deletions (location, object_key, multipart_id, not_before, reason)
        SELECT checkpoint.location, checkpoint.object_key, checkpoint.multipart_id, now_ms() + CAST($7 AS BIGINT),
          'abandoned copy'
        FROM checkpoint JOIN held ON held.id = checkpoint.job WHERE checkpoint.object_key <> held.object_key
        ON CONFLICT (location, object_key, multipart_id) DO NOTHING
      )
      SELECT held.id, placed.object_key
      FROM held LEFT JOIN placed ON placed.blob = held.blob AND placed.location = held.target
      """
  }

  /// Tells reports that were recorded before from reports that come too late.
  ///
  /// The first statement has waited for whoever held the job, so a report of the same copy that was on its way is
  /// visible now. What is too late is put on record for deletion; a key that is a placement never is.
  private func settle(_ items: [JobCompletion]) async throws(CatalogError) -> [JobID: CompletionOutcome] {
    let rows = try await write(
      """
      WITH item AS (
        SELECT * FROM \(dialect.rows("item", .integers("id", 1), .texts("target", 2), .texts("object_key", 3)))
      ), standing AS (
        SELECT item.id FROM item JOIN placements p ON p.location = item.target AND p.object_key = item.object_key
      ), surplus AS (
        INSERT INTO object_deletions (location, object_key, not_before, reason)
        SELECT item.target, item.object_key, now_ms() + CAST($4 AS BIGINT), 'late copy' FROM item
        WHERE item.id NOT IN (SELECT id FROM standing)
        ON CONFLICT (location, object_key, multipart_id) DO NOTHING
      )
      SELECT id FROM standing
      """,
      [
        .integers(items.map(\.job.id.rawValue)), .texts(items.map(\.job.target.description)),
        .texts(items.map(\.key.description)), .milliseconds(Self.deletionGrace),
      ])
    let standing = Set(try rows.map { (row) throws(CatalogError) in JobID(rawValue: try row.integer(0)) })
    return Dictionary(items.map { ($0.job.id, standing.contains($0.job.id) ? .placed : .leaseLost) }) { first, _ in
      first
    }
  }

  private static func parameters(_ items: [JobCompletion]) -> [SQLValue] {
    [
      .integers(items.map(\.job.id.rawValue)), .texts(items.map(\.job.leaseToken.hex)),
      .texts(items.map(\.key.description)), .texts(items.map(\.source.description)), .integers(items.map(\.bytesRead)),
      .integers(items.map(\.durationMs)), .milliseconds(deletionGrace),
      .integers(Set(items.map(\.job.blob)).sorted().map(\.rawValue)),
    ]
  }
}
