package import SharedModel
package import SharedQueue

/// How workers take jobs; leases are measured by the database's clock alone.
extension Catalog {
  /// The newest kind of job this program understands; later ones are left for later programs (I14).
  private static let knownJobVersion = 1

  /// Claims those of the given jobs that are due, or whose lease has expired, for `lease`.
  ///
  /// Jobs that are done, held by somebody else, not yet due or gone are passed over: a message that comes twice is
  /// harmless (I9). The jobs come in the order of service, with their verified placements.
  package func claimJobs(
    ids: [JobID], worker: String, lease: Duration
  ) async throws(CatalogError) -> [ReplicationJob] {
    guard !ids.isEmpty else { return [] }
    return try await claim(
      due: """
        due AS (
          SELECT j.id FROM jobs j
          WHERE j.id IN (SELECT item.id FROM \(dialect.rows("item", .integers("id", 4))))
            AND j.version <= \(Self.knownJobVersion)
            AND ((j.state = 'queued' AND j.not_before <= now_ms()) OR (j.state = 'leased' AND j.leased_until <= now_ms()))
          ORDER BY j.id \(dialect.skippingLocked("j"))
        )
        """,
      worker: worker, lease: lease, .integers(ids.map(\.rawValue)))
  }

  /// Claims up to `limit` due jobs of these targets without any queue: the reconciler's way (I5, D1).
  ///
  /// Jobs become eligible `olderThan` after they are due, so that the doorbell wins in ordinary times; expired leases
  /// are eligible at once. The urgent lane comes first, then the smallest blobs. Rows that another claim is taking
  /// are passed over, so any number of workers may call this at once.
  package func claimDueJobs(
    targets: [LocationID], olderThan: Duration, limit: Int, worker: String, lease: Duration
  ) async throws(CatalogError) -> [ReplicationJob] {
    guard !targets.isEmpty, limit > 0 else { return [] }
    return try await claim(
      due: dueJobs(limit: limit), worker: worker, lease: lease, .texts(Set(targets).sorted().map(\.description)),
      .milliseconds(olderThan), .integer(Int64(limit)))
  }

  /// The WITH clauses of `claimDueJobs`, up to `due`; parameters: targets (4), grace (5), limit (6).
  private func dueJobs(limit: Int) -> String {
    """
        waiting AS (
          SELECT candidate.* FROM \(dialect.rows("wanted", .texts("target", 4))) \(dialect.forEach) (
            SELECT j.id, j.lane, j.size FROM jobs j
            WHERE j.target = wanted.target AND j.state = 'queued' AND j.version <= \(Self.knownJobVersion)
              AND j.not_before <= now_ms() - CAST($5 AS BIGINT)
            ORDER BY j.lane, j.size, j.id LIMIT \(Self.plannedLimit(limit)) \(dialect.skippingLocked("j"))
          ) candidate
        ), expired AS (
          SELECT candidate.* FROM \(dialect.rows("wanted", .texts("target", 4))) \(dialect.forEach) (
            SELECT j.id, j.lane, j.size FROM jobs j
            WHERE j.target = wanted.target AND j.state = 'leased' AND j.version <= \(Self.knownJobVersion)
              AND j.leased_until <= now_ms()
            ORDER BY j.leased_until LIMIT \(Self.plannedLimit(limit)) \(dialect.skippingLocked("j"))
          ) candidate
        ), due AS (
          SELECT id FROM (SELECT * FROM waiting UNION ALL SELECT * FROM expired) candidate
          ORDER BY lane, size, id LIMIT $6
        )
    """
  }

  /// The statement of `claimDueJobs`, for the test that looks at its plan.
  func claimDueStatement(limit: Int) -> String { claimStatement(due: dueJobs(limit: limit)) }

  /// Leases the rows of the WITH clauses `due` under a fresh token; parameters from the fourth on belong to them.
  private func claim(
    due: String, worker: String, lease: Duration, _ parameters: SQLValue...
  ) async throws(CatalogError) -> [ReplicationJob] {
    let token = RandomIdentifier()
    let rows = try await write(
      claimStatement(due: due),
      [.text(token.hex), .milliseconds(lease), .text(Self.storable(worker))] + parameters)
    return try Self.claimedJobs(rows, token: token)
  }

  private func claimStatement(due: String) -> String {
    """
      WITH \(due), claimed AS (
        UPDATE jobs SET state = 'leased', lease_token = $1, leased_until = now_ms() + CAST($2 AS BIGINT), worker = $3,
          rescues = rescues + CASE state WHEN 'leased' THEN 1 ELSE 0 END
        WHERE id IN (SELECT id FROM due)
        RETURNING id, blob, target, lane, size, attempts, rescues, created_at
      )
      SELECT c.id, c.target, c.lane, c.blob, b.digest, c.size, c.attempts, c.rescues, c.created_at,
        p.location, p.object_key, p.state
      FROM claimed c JOIN blobs b ON b.id = c.blob
      LEFT JOIN placements p ON p.blob = c.blob AND p.state = 'verified'
      ORDER BY c.lane, c.size, c.id, p.location
    """
  }

  /// Gathers the rows of one job, one for each placement, into the job.
  private static func claimedJobs(
    _ rows: [SQLRow], token: RandomIdentifier
  ) throws(CatalogError) -> [ReplicationJob] {
    var jobs: [ReplicationJob] = []
    var at = rows.startIndex
    while at < rows.endIndex {
      let row = rows[at]
      let announcement = try row.announcement(from: 0)
      var sources: [Placement] = []
      while at < rows.endIndex, try rows[at].integer(0) == announcement.id.rawValue {
        if let placement = try rows[at].placement(from: 9) { sources.append(placement) }
        at += 1
      }
      jobs.append(
        ReplicationJob(
          id: announcement.id, blob: BlobID(rawValue: try row.integer(3)), digest: try row.digest(4),
          sizeBytes: try row.integer(5), target: announcement.target, lane: announcement.lane,
          attempt: try row.count(6) + 1, rescues: try row.count(7), leaseToken: token,
          createdAtMs: try row.integer(8), sources: sources))
    }
    return jobs
  }
}
