package import SharedModel
package import SharedQueue

/// What a worker reports of a job it has not completed. Every report counts only while its lease token holds (I9).
extension Catalog {
  /// In an UPDATE of jobs: nobody holds it any more.
  static let noLease = "lease_token = NULL, leased_until = NULL, worker = NULL"

  /// Records a failure, what becomes of the job, and a line in its history; false where the lease was lost and nothing
  /// changed.
  ///
  /// A delay is measured by the database's clock from now on. `source` is where the attempt read from, if it got that
  /// far. A worker that reports lives, so the job starts counting its rescues anew.
  package func failJob(
    _ job: ReplicationJob, error: String, verdict: FailureVerdict, source: LocationID? = nil, bytesRead: Int64 = 0,
    durationMs: Int64 = 0
  ) async throws(CatalogError) -> Bool {
    let (state, outcome, delay): (JobState, JobAttempt.Outcome, Duration) =
      switch verdict {
      case .retry(let after): (.queued, .failed, after)
      case .park: (.parked, .parked, .zero)
      case .sourceLost: (.sourceLost, .sourceLost, .zero)
      }
    let rows = try await write(
      """
      WITH held AS (
        SELECT j.id, j.worker FROM jobs j WHERE j.id = $1 AND j.state = 'leased' AND j.lease_token = $2
        \(dialect.lockingRows("j"))
      ), failed AS (
        UPDATE jobs SET state = $3, attempts = attempts + 1, rescues = 0, not_before = now_ms() + CAST($4 AS BIGINT),
          is_delayed = CASE WHEN CAST($3 AS TEXT) = 'queued' AND CAST($4 AS BIGINT) > 0 THEN 1 ELSE 0 END,
          last_error = $5, \(Self.noLease)
        WHERE id IN (SELECT id FROM held)
      ), recorded AS (
        INSERT INTO job_attempts (job, worker, outcome, source, error, bytes_read, duration_ms)
        SELECT id, worker, CAST($6 AS TEXT), CAST($7 AS TEXT), $5, CAST($8 AS BIGINT), CAST($9 AS BIGINT) FROM held
      )
      SELECT id FROM held
      """,
      [
        .integer(job.id.rawValue), .text(job.leaseToken.hex), .text(state.rawValue), .milliseconds(delay),
        .text(Self.storable(error)), .text(outcome.rawValue), .text(source?.description), .integer(bytesRead),
        .integer(durationMs),
      ])
    return !rows.isEmpty
  }

  /// Gives jobs back unharmed, due at once and with no attempt counted (SIGTERM); returns those that were still held.
  package func releaseJobs(_ jobs: [ReplicationJob]) async throws(CatalogError) -> Set<JobID> {
    try await update(jobs, "state = 'queued', not_before = now_ms(), \(Self.noLease)")
  }

  /// Prolongs leases to `lease` from now and returns the jobs still held; the others are to be dropped at once.
  package func extendLeases(
    _ jobs: [ReplicationJob], lease: Duration
  ) async throws(CatalogError) -> Set<JobID> {
    try await update(jobs, "leased_until = now_ms() + CAST($3 AS BIGINT)", .milliseconds(lease))
  }

  private func update(
    _ jobs: [ReplicationJob], _ assignments: String, _ parameters: SQLValue...
  ) async throws(CatalogError) -> Set<JobID> {
    guard !jobs.isEmpty else { return [] }
    let sorted = jobs.sorted { $0.id < $1.id }
    let rows = try await write(
      """
      WITH held AS (
        SELECT j.id FROM jobs j JOIN \(dialect.rows("item", .integers("id", 1), .texts("token", 2))) ON item.id = j.id
        WHERE j.state = 'leased' AND j.lease_token = item.token ORDER BY j.id \(dialect.lockingRows("j"))
      )
      UPDATE jobs SET \(assignments) WHERE id IN (SELECT id FROM held) RETURNING id
      """,
      [.integers(sorted.map(\.id.rawValue)), .texts(sorted.map(\.leaseToken.hex))] + parameters)
    return Set(try rows.map { (row) throws(CatalogError) in JobID(rawValue: try row.integer(0)) })
  }
}
