import SharedModel
package import SharedQueue

/// The history of jobs.
extension Catalog {
  /// The last `limit` attempts at a job, newest first.
  package func attempts(of job: JobID, limit: Int) async throws(CatalogError) -> [JobAttempt] {
    let rows = try await read(
      """
      SELECT a.job, a.worker, a.outcome, a.source, a.error, a.bytes_read, a.duration_ms, a.ended_at
      FROM job_attempts a WHERE a.job = $1 ORDER BY a.id DESC LIMIT $2
      """, [.integer(job.rawValue), .integer(Int64(limit))])
    return try rows.map { (row) throws(CatalogError) in
      guard let outcome = JobAttempt.Outcome(rawValue: try row.text(2)) else {
        throw .invalidRow(detail: "an unknown outcome of an attempt")
      }
      return JobAttempt(
        job: JobID(rawValue: try row.integer(0)), worker: try row.text(1), outcome: outcome,
        source: try row.isNull(3) ? nil : try row.location(3), error: try row.optionalText(4),
        bytesRead: try row.integer(5), durationMs: try row.integer(6), endedAtMs: try row.integer(7))
    }
  }

  /// Forgets up to `limit` attempts that ended longer ago than `age` and returns how many those were. Housekeeping.
  package func pruneAttempts(olderThan age: Duration, limit: Int) async throws(CatalogError) -> Int {
    let rows = try await write(
      """
      DELETE FROM job_attempts WHERE id IN (
        SELECT old.id FROM (
          SELECT a.id FROM job_attempts a WHERE a.ended_at <= now_ms() - CAST($1 AS BIGINT)
          ORDER BY a.ended_at LIMIT \(Self.plannedLimit(limit)) \(dialect.skippingLocked("a"))
        ) old LIMIT $2)
      RETURNING id
      """, [.milliseconds(age), .integer(Int64(limit))])
    return rows.count
  }
}
