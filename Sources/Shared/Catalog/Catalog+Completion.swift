import SharedModel
package import SharedQueue

/// How copies become placements.
extension Catalog {
  /// Records verified copies and ends their jobs, each only while its lease token holds (I2, I9), with a line each in
  /// the history. A job's checkpoint is gone afterwards.
  ///
  /// One transaction for the batch, one round trip; a second one only where a lease was lost. Reporting the same copy
  /// again is `placed` again, so after `outcomeUnknown` the same batch may be reported once more. Objects that did not
  /// become the placement are on record for deletion when this returns. Where the copy was quarantined between claim
  /// and report, the outcome is `placed` and the job is queued again; a report that nothing had to be copied
  /// (`JobCompletion.isStanding`) never makes a placement, since its object may have been given up meanwhile.
  package func completeJobs(_ done: [JobCompletion]) async throws(CatalogError) -> [JobID: CompletionOutcome] {
    // A worker that lost a lease and claimed the job again may report both; the later claim is the one that can count.
    let items = Dictionary(done.map { ($0.job.id, $0) }) { _, last in last }.values.sorted { $0.job.id < $1.job.id }
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
    if done.count > items.count { _ = try await settle(done.filter { !items.contains($0) }) }
    return outcomes
  }

  /// The rows of the blobs come first, in order, as they do in a commit: so reports and pushes never deadlock.
  private func completeStatement() -> String {
    let items = dialect.rows(
      "item", .integers("id", 1), .texts("token", 2), .texts("object_key", 3), .texts("source", 4),
      .integers("bytes_read", 5), .integers("duration_ms", 6), .integers("is_standing", 9))
    return """
      WITH guarded AS (
        SELECT b.id FROM blobs b WHERE b.id IN (SELECT item.blob FROM \(dialect.rows("item", .integers("blob", 8))))
        ORDER BY b.id \(dialect.guardingRows("b"))
      ), held AS (
        SELECT j.id, j.blob, j.target, j.worker, item.object_key, item.source, item.bytes_read, item.duration_ms,
          item.is_standing
        FROM jobs j JOIN \(items) ON item.id = j.id JOIN guarded ON guarded.id = j.blob
        WHERE j.state = 'leased' AND j.lease_token = item.token ORDER BY j.id \(dialect.lockingRows("j"))
      ), copied AS (
        INSERT INTO placements (blob, location, object_key) SELECT blob, target, object_key FROM held
        WHERE is_standing = 0
        ON CONFLICT (blob, location) DO UPDATE SET \(Self.keepVerifiedPlacement)
        WHERE placements.state = 'verified' OR placements.object_key <> excluded.object_key
        RETURNING blob, location, object_key, replaced_key
      ), standing AS (
        SELECT p.blob, p.location, p.object_key FROM placements p
        JOIN held ON held.blob = p.blob AND held.target = p.location
        WHERE held.is_standing = 1 AND p.state = 'verified' \(dialect.sharingRows("p"))
      ), placed AS (
        SELECT blob, location, object_key, replaced_key FROM copied
        UNION ALL SELECT blob, location, object_key, NULL FROM standing
      ), report AS (
        SELECT held.*, placed.object_key AS placed_key, placed.replaced_key,
          CASE WHEN placed.blob IS NULL THEN 0 ELSE 1 END AS is_placed
        FROM held LEFT JOIN placed ON placed.blob = held.blob AND placed.location = held.target
      ), finished AS (
        UPDATE jobs SET state = CASE WHEN report.is_placed = 1 THEN 'done' ELSE 'queued' END,
          done_at = CASE WHEN report.is_placed = 1 THEN now_ms() END, not_before = now_ms(), \(Self.noLease),
          last_error = NULL, source = report.source, bytes_read = report.bytes_read,
          duration_ms = report.duration_ms
        FROM report WHERE jobs.id = report.id
      ), recorded AS (
        INSERT INTO job_attempts (job, worker, outcome, source, bytes_read, duration_ms)
        SELECT id, worker, CASE WHEN placed_key = object_key AND is_standing = 0 THEN 'placed' ELSE 'already_placed' END,
          source, bytes_read, duration_ms
        FROM report WHERE is_placed = 1
      ), closed AS (
        DELETE FROM copy_checkpoints WHERE job IN (SELECT id FROM held) RETURNING job, location, object_key, multipart_id
      ), \(Self.abandonedCopies("""
        closed JOIN held ON held.id = closed.job WHERE closed.object_key <> held.object_key
        """, of: "closed", reason: "'a copy done otherwise'", grace: 7)), surplus AS (
        INSERT INTO object_deletions (location, object_key, not_before, reason)
        SELECT target, object_key, now_ms() + CAST($7 AS BIGINT), 'surplus copy' FROM report
        WHERE placed_key <> object_key AND is_standing = 0
        UNION ALL
        SELECT target, replaced_key, now_ms() + CAST($7 AS BIGINT), 'replaced copy' FROM report
        WHERE replaced_key IS NOT NULL
        ON CONFLICT (location, object_key, multipart_id) DO NOTHING
      )
      SELECT id, placed_key FROM report
      """
  }

  /// Tells reports that were recorded before from reports that come too late.
  ///
  /// The first statement has waited for whoever held the job, so a report of the same copy that was on its way is
  /// visible now. What is too late is put on record for deletion; a key that is a placement never is, nor one that
  /// whoever holds the job now goes on with (it drops the checkpoint where the upload is gone).
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
        WHERE NOT EXISTS (
          SELECT 1 FROM placements p WHERE p.location = item.target AND p.object_key = item.object_key
        ) AND NOT EXISTS (
          SELECT 1 FROM copy_checkpoints c WHERE c.location = item.target AND c.object_key = item.object_key)
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
      .integers(Set(items.map(\.job.blob)).sorted().map(\.rawValue)), .integers(items.map { $0.isStanding ? 1 : 0 }),
    ]
  }
}
