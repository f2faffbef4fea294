import SharedModel
import SharedQueue

/// What the workers are doing, and what went wrong lately. Each is a look into one small index.
extension Catalog {
  /// Up to `limit` of the copies that workers hold, those asked for longest ago first.
  package func copiesUnderWay(limit: Int) async throws(CatalogError) -> [CopyUnderWay] {
    let rows = try await survey(
      """
      SELECT j.id, b.digest, j.size, j.target, j.lane, j.attempts, now_ms() - j.created_at, j.worker, c.offset_bytes
      FROM (
        SELECT l.* FROM jobs l WHERE l.state = 'leased' ORDER BY l.target, l.leased_until
        LIMIT \(Self.plannedLimit(limit))
      ) j JOIN blobs b ON b.id = j.blob LEFT JOIN copy_checkpoints c ON c.job = j.id
      ORDER BY j.created_at, j.id LIMIT $1
      """, [.integer(Int64(limit))])
    return try rows.map { (row) throws(CatalogError) in
      CopyUnderWay(
        job: JobID(rawValue: try row.integer(0)), digest: try row.digest(1), sizeBytes: try row.integer(2),
        target: try row.location(3), lane: try row.lane(4), attempts: try row.count(5),
        ageMs: max(0, try row.integer(6)), worker: try row.text(7), doneBytes: try row.optionalInteger(8))
    }
  }

  /// How many copies are under way to every location that has any, ordered by location.
  package func copiesUnderWayByTarget() async throws(CatalogError) -> [CopiesUnderWay] {
    let rows = try await survey(
      """
      SELECT j.target, count(*), CAST(sum(j.size) AS BIGINT) FROM jobs j WHERE j.state = 'leased'
      GROUP BY j.target ORDER BY j.target
      """, [])
    return try rows.map { (row) throws(CatalogError) in
      CopiesUnderWay(target: try row.location(0), copies: try row.integer(1), sizeBytes: try row.integer(2))
    }
  }

  /// Up to `limit` attempts that failed within `age`, the latest first.
  package func recentFailures(within age: Duration, limit: Int) async throws(CatalogError) -> [FailedAttempt] {
    let rows = try await survey(
      """
      SELECT a.job, b.digest, j.size, j.target, j.state, a.outcome, a.source, a.error, a.worker, now_ms() - a.ended_at
      FROM (
        SELECT f.* FROM job_attempts f WHERE f.outcome IN ('failed', 'parked', 'source_lost', 'rescued')
        ORDER BY f.id DESC LIMIT \(Self.plannedLimit(limit))
      ) a JOIN jobs j ON j.id = a.job JOIN blobs b ON b.id = j.blob
      WHERE a.ended_at > now_ms() - CAST($1 AS BIGINT) ORDER BY a.id DESC LIMIT $2
      """, [.milliseconds(age), .integer(Int64(limit))])
    return try rows.map { (row) throws(CatalogError) in
      guard let state = JobState(rawValue: try row.text(4)), let outcome = JobAttempt.Outcome(rawValue: try row.text(5))
      else { throw .invalidRow(detail: "an unknown state or outcome of a job") }
      return FailedAttempt(
        job: JobID(rawValue: try row.integer(0)), digest: try row.digest(1), sizeBytes: try row.integer(2),
        target: try row.location(3), state: state, outcome: outcome,
        source: try row.isNull(6) ? nil : try row.location(6), error: try row.optionalText(7), worker: try row.text(8),
        ageMs: max(0, try row.integer(9)))
    }
  }
}
