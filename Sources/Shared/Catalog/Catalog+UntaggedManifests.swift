/// The removal of manifests nobody has named for long: only where an operator asks for it.
extension Catalog {
  /// Looks at up to `limit` manifests after the one numbered `position` and deletes those made more than `age` ago that
  /// have no tag, are listed by no index and are not about a manifest that is still there.
  ///
  /// Images pushed by digest alone and referrers are legitimate without a tag, hence never by default. Children of an
  /// index and referrers of a manifest that goes in this round are found in the next one. Locks and looks again as
  /// `collectLinks` does: a tag or an index that comes meanwhile keeps its manifest.
  package func collectUntagged(
    after position: Int64, olderThan age: Duration, limit: Int, isRehearsal: Bool = false
  ) async throws(CatalogError) -> CollectionPage<Int64> {
    let planned = Self.plannedLimit(limit)
    let rows = try await read(
      """
      WITH page AS (
        SELECT m.id, m.repository, m.subject_digest, m.created_at FROM manifests m
        WHERE m.id > CAST($1 AS BIGINT) ORDER BY m.id LIMIT \(planned)
      )
      SELECT CAST(0 AS BIGINT), m.id, CAST(0 AS BIGINT) FROM page m WHERE \(Self.isUnnamed(age: 2))
      UNION ALL SELECT CAST(1 AS BIGINT), max(id), count(*) FROM page
      """, [.integer(position), .milliseconds(age)])
    var candidates: [Int64] = []
    var last: Int64?
    var scanned = 0
    for row in rows {
      if try row.integer(0) == 0 {
        candidates.append(try row.integer(1))
      } else {
        last = try row.optionalInteger(1)
        scanned = try row.count(2)
      }
    }
    let next = scanned < planned ? nil : last
    guard !isRehearsal, !candidates.isEmpty else {
      return CollectionPage(scanned: scanned, collected: candidates.count, next: next)
    }
    return CollectionPage(
      scanned: scanned, collected: try await removeUntagged(candidates, olderThan: age), next: next)
  }

  private func removeUntagged(_ candidates: [Int64], olderThan age: Duration) async throws(CatalogError) -> Int {
    let dialect = dialect
    return try await transact { (transaction) async throws(CatalogError) -> Int in
      let locked = try await transaction.query(
        """
        SELECT m.id FROM manifests m
        WHERE m.id IN (SELECT candidate.id FROM \(dialect.rows("candidate", .integers("id", 1))))
        ORDER BY m.id \(dialect.skippingLocked("m"))
        """, [.integers(candidates)])
      guard !locked.isEmpty else { return 0 }
      return try await transaction.query(
        """
        DELETE FROM manifests m WHERE m.id IN (SELECT held.id FROM \(dialect.rows("held", .integers("id", 1))))
          AND \(Self.isUnnamed(age: 2)) RETURNING m.id
        """,
        [.integers(try locked.map { (row) throws(CatalogError) in try row.integer(0) }), .milliseconds(age)]
      ).count
    }
  }

  /// A condition on a manifest `m`; the parameter `age` is how old it must be.
  private static func isUnnamed(age: Int) -> String {
    """
    m.created_at <= now_ms() - CAST($\(age) AS BIGINT)
      AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest = m.id AND t.repository = m.repository)
      AND NOT EXISTS (SELECT 1 FROM manifest_children c WHERE c.child = m.id AND c.repository = m.repository)
      AND (m.subject_digest IS NULL OR NOT EXISTS (
        SELECT 1 FROM manifests s WHERE s.repository = m.repository AND s.digest = m.subject_digest AND s.id <> m.id))
    """
  }
}
