package import SharedModel
package import SharedQueue

/// Lists of jobs for operators, oldest first, a page at a time.
extension Catalog {
  /// Up to `limit` jobs after `after`, of one location if given.
  package func jobs(
    _ filter: JobFilter, target: LocationID? = nil, after: JobID? = nil, limit: Int
  ) async throws(CatalogError) -> [JobRecord] {
    // The location is compared only where one is asked for, so that the plan can use its indexes.
    let rows = try await survey(
      """
      SELECT \(Self.jobColumns) FROM jobs j JOIN blobs b ON b.id = j.blob
      WHERE \(filter.condition) AND j.id > $1 \(target == nil ? "AND CAST($2 AS TEXT) IS NULL" : "AND j.target = $2")
      ORDER BY j.id LIMIT \(Self.plannedLimit(limit))
      """,
      [.integer(after?.rawValue ?? 0), .text(target?.description)])
    return try rows.prefix(max(0, limit)).map { (row) throws(CatalogError) in try Self.jobRecord(row, from: 0) }
  }

  /// Up to `limit` jobs of the blobs of `scope` after `after`.
  package func jobs(
    _ filter: JobFilter, of scope: StatusScope, after: JobID? = nil, limit: Int
  ) async throws(CatalogError) -> [JobRecord] {
    let rows = try await survey(
      """
      WITH RECURSIVE \(scope.clauses)
      SELECT \(Self.jobColumns) FROM scope JOIN jobs j ON j.blob = scope.blob JOIN blobs b ON b.id = j.blob
      WHERE \(filter.condition) AND j.id > $3 ORDER BY j.id LIMIT \(Self.plannedLimit(limit))
      """, scope.parameters + [.integer(after?.rawValue ?? 0)])
    return try rows.prefix(max(0, limit)).map { (row) throws(CatalogError) in try Self.jobRecord(row, from: 0) }
  }

  /// The job of that number, or nil where there is none.
  package func job(_ id: JobID) async throws(CatalogError) -> JobRecord? {
    let rows = try await survey(
      "SELECT \(Self.jobColumns) FROM jobs j JOIN blobs b ON b.id = j.blob WHERE j.id = $1", [.integer(id.rawValue)])
    return try rows.first.map { (row) throws(CatalogError) in try Self.jobRecord(row, from: 0) }
  }

  /// The columns of a job `j` of a blob `b` that `jobRecord` reads.
  static let jobColumns = """
    j.id, b.digest, j.size, j.target, j.lane, j.state, j.attempts, j.rescues, j.created_at, j.not_before, j.worker,
    j.last_error, j.done_at, j.source
    """

  static func jobRecord(_ row: SQLRow, from index: Int) throws(CatalogError) -> JobRecord {
    guard let state = JobState(rawValue: try row.text(index + 5)) else {
      throw .invalidRow(detail: "an unknown job state")
    }
    return JobRecord(
      id: JobID(rawValue: try row.integer(index)), digest: try row.digest(index + 1),
      sizeBytes: try row.integer(index + 2), target: try row.location(index + 3), lane: try row.lane(index + 4),
      state: state, attempts: try row.count(index + 6), rescues: try row.count(index + 7),
      createdAtMs: try row.integer(index + 8), notBeforeMs: try row.integer(index + 9),
      worker: try row.optionalText(index + 10), lastError: try row.optionalText(index + 11),
      doneAtMs: try row.optionalInteger(index + 12),
      source: try row.isNull(index + 13) ? nil : try row.location(index + 13))
  }
}
