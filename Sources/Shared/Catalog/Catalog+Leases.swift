import SharedModel
package import SharedQueue

/// What a worker reports of a job it has not completed. Every report counts only while its lease token holds (I9).
extension Catalog {
  /// In an UPDATE of jobs: nobody holds it any more.
  static let noLease = "lease_token = NULL, leased_until = NULL, worker = NULL"

  /// Records a failure and what becomes of the job; false where the lease was lost and nothing changed.
  ///
  /// A delay is measured by the database's clock from now on.
  package func failJob(
    _ job: ReplicationJob, error: String, verdict: FailureVerdict
  ) async throws(CatalogError) -> Bool {
    let (state, delay): (JobState, Duration) =
      switch verdict {
      case .retry(let after): (.queued, after)
      case .park: (.parked, .zero)
      case .sourceLost: (.sourceLost, .zero)
      }
    let rows = try await write(
      """
      UPDATE jobs SET state = $3, attempts = attempts + 1, not_before = now_ms() + CAST($4 AS BIGINT),
        is_delayed = CASE WHEN CAST($3 AS TEXT) = 'queued' AND CAST($4 AS BIGINT) > 0 THEN 1 ELSE 0 END,
        last_error = $5, \(Self.noLease)
      WHERE id = $1 AND state = 'leased' AND lease_token = $2 RETURNING id
      """,
      [
        .integer(job.id.rawValue), .text(job.leaseToken.hex), .text(state.rawValue), .milliseconds(delay),
        .text(Self.storable(error)),
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
