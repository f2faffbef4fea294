package import SharedModel

/// Status of a part of the registry: a namespace, a repository, an image (G12).
extension Catalog {
  /// Where the blobs of `scope` are; a scope that does not exist has none.
  ///
  /// Looks at no more than `StatusScope.maximumLinks` links, away from the path pulls are answered on.
  package func status(of scope: StatusScope) async throws(CatalogError) -> ScopeStatus {
    let rows = try await survey(
      """
      WITH RECURSIVE \(scope.clauses), copies AS (
        SELECT p.location, count(*) AS objects,
          sum(CASE p.state WHEN 'verified' THEN 1 ELSE 0 END) AS verified,
          sum(CASE p.state WHEN 'verified' THEN b.size ELSE 0 END) AS bytes
        FROM scope JOIN placements p ON p.blob = scope.blob JOIN blobs b ON b.id = p.blob GROUP BY p.location
      ), work AS (
        SELECT j.target, sum(CASE WHEN \(Self.isOpen) THEN 1 ELSE 0 END) AS pending,
          sum(CASE WHEN \(Self.isOpen) THEN j.size ELSE 0 END) AS bytes,
          min(CASE WHEN \(Self.isOpen) THEN j.created_at END) AS oldest,
          sum(CASE WHEN \(Self.isOpen) AND j.attempts > 0 THEN 1 ELSE 0 END) AS failing,
          sum(CASE j.state WHEN 'parked' THEN 1 ELSE 0 END) AS parked,
          sum(CASE j.state WHEN 'source_lost' THEN 1 ELSE 0 END) AS source_lost
        FROM scope JOIN jobs j ON j.blob = scope.blob WHERE j.state <> 'done' GROUP BY j.target
      ), totals AS (
        SELECT count(*) AS objects, coalesce(sum(counted.size), 0) AS bytes,
          coalesce(sum(CASE counted.copies WHEN 1 THEN 1 ELSE 0 END), 0) AS at_risk,
          coalesce(sum(CASE counted.copies WHEN 0 THEN 1 ELSE 0 END), 0) AS without_copy
        FROM (
          SELECT b.size, (SELECT count(*) FROM placements p WHERE p.blob = b.id AND p.state = 'verified') AS copies
          FROM scope JOIN blobs b ON b.id = scope.blob
        ) counted
      )
      SELECT totals.objects, CAST(totals.bytes AS BIGINT), CAST(totals.at_risk AS BIGINT),
        CAST(totals.without_copy AS BIGINT), (SELECT count(*) FROM links),
        l.id, l.state, (SELECT n.is_required FROM namespace_locations n WHERE n.namespace = $3 AND n.location = l.id),
        CAST(coalesce(copies.verified, 0) AS BIGINT), CAST(coalesce(copies.bytes, 0) AS BIGINT),
        CAST(coalesce(copies.objects - copies.verified, 0) AS BIGINT),
        CAST(coalesce(work.pending, 0) AS BIGINT), CAST(coalesce(work.bytes, 0) AS BIGINT),
        CASE WHEN work.oldest > now_ms() THEN 0 ELSE (now_ms() - work.oldest) / 1000 END,
        CAST(coalesce(work.failing, 0) AS BIGINT), CAST(coalesce(work.parked, 0) AS BIGINT),
        CAST(coalesce(work.source_lost, 0) AS BIGINT)
      FROM totals LEFT JOIN (
        locations l LEFT JOIN copies ON copies.location = l.id LEFT JOIN work ON work.target = l.id
      ) ON l.state <> 'removed' OR copies.objects > 0 OR work.target IS NOT NULL
      ORDER BY l.id
      """, scope.parameters + [.text(scope.namespace)])
    return try Self.scopeStatus(rows)
  }

  /// Whether there is a repository of that namespace.
  package func hasNamespace(_ namespace: String) async throws(CatalogError) -> Bool {
    let rows = try await survey(
      "SELECT r.id FROM repositories r WHERE \(StatusScope.inNamespace("r", parameter: 1)) LIMIT 1", [.text(namespace)])
    return !rows.isEmpty
  }

  /// Up to `limit` repositories of a namespace after `after`, which need not exist, in bytewise order.
  package func repositories(
    ofNamespace namespace: String, after: String? = nil, limit: Int
  ) async throws(CatalogError) -> [RepositoryName] {
    let rows = try await survey(
      """
      SELECT r.name FROM repositories r WHERE \(StatusScope.inNamespace("r", parameter: 1)) AND r.name > $2
      ORDER BY r.name LIMIT $3
      """, [.text(namespace), .text(after ?? ""), .integer(Int64(max(0, limit)))])
    return try rows.map { (row) throws(CatalogError) in try row.repositoryName(0) }
  }

  /// A condition on a job `j`: it still asks for work by itself.
  private static let isOpen = "j.state IN ('queued', 'leased')"

  private static func scopeStatus(_ rows: [SQLRow]) throws(CatalogError) -> ScopeStatus {
    guard let first = rows.first else { throw .invalidRow(detail: "a status without totals") }
    var shares: [LocationShare] = []
    for row in rows where try !row.isNull(5) {
      shares.append(
        LocationShare(
          location: try row.location(5), state: try locationState(row, 6),
          namespaceRule: try row.optionalInteger(7).map { $0 == 1 },
          verified: .init(objects: try row.integer(8), bytes: try row.integer(9)), quarantined: try row.integer(10),
          pending: .init(objects: try row.integer(11), bytes: try row.integer(12)),
          oldestPendingSeconds: try row.optionalInteger(13), failing: try row.integer(14), parked: try row.integer(15),
          sourceLost: try row.integer(16)))
    }
    return ScopeStatus(
      objects: try first.integer(0), bytes: try first.integer(1), atRisk: try first.integer(2),
      withoutCopy: try first.integer(3), isComplete: try first.integer(4) < Int64(StatusScope.maximumLinks),
      locations: shares)
  }
}
