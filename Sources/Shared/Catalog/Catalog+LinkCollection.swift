import SharedQueue

/// The first pass of garbage collection: links no manifest needs and no push has a claim on.
extension Catalog {
  /// Looks at up to `limit` links after `position` and removes those that no manifest of their repository refers to and
  /// whose lease has passed (I4, I7).
  ///
  /// The candidates are locked, those somebody holds are passed over, and a second statement looks at them again with a
  /// fresh snapshot before it deletes. So a manifest that came meanwhile keeps its links (it held them, or had
  /// committed), one that comes later is told that the blob is unknown; a commit or a mount that waited for the lock
  /// links the blob anew; `renewLink` finds nothing and says so. With `isRehearsal` nothing is locked or changed.
  package func collectLinks(
    after position: LinkPosition, limit: Int, isRehearsal: Bool = false, whileLocked: CollectionInterleaving? = nil
  ) async throws(CatalogError) -> CollectionPage<LinkPosition> {
    let page = try await scanLinks(after: position, limit: limit)
    guard !isRehearsal, !page.candidates.isEmpty else {
      return CollectionPage(scanned: page.scanned, collected: page.candidates.count, next: page.next)
    }
    let dialect = dialect
    let collected = try await transact { (transaction) async throws(CatalogError) -> Int in
      let locked = try await transaction.query(
        """
        SELECT l.repository, l.blob
        FROM \(dialect.rows("candidate", .integers("repository", 1), .integers("blob", 2)))
        JOIN repository_blobs l ON l.repository = candidate.repository AND l.blob = candidate.blob
        WHERE l.leased_until <= now_ms()
        ORDER BY l.repository, l.blob \(dialect.skippingLocked("l"))
        """, Self.parameters(page.candidates))
      if let whileLocked { await whileLocked() }
      let held = try locked.map { (row) throws(CatalogError) in try Self.linkPosition(row, 0) }
      guard !held.isEmpty else { return 0 }
      return try await transaction.query(
        """
        DELETE FROM repository_blobs
        WHERE (repository, blob) IN (
            SELECT held.repository, held.blob
            FROM \(dialect.rows("held", .integers("repository", 1), .integers("blob", 2))))
          AND leased_until <= now_ms() AND \(Self.isUnreferenced(link: "repository_blobs"))
        RETURNING blob
        """, Self.parameters(held)
      ).count
    }
    return CollectionPage(scanned: page.scanned, collected: collected, next: page.next)
  }

  private func scanLinks(
    after position: LinkPosition, limit: Int
  ) async throws(CatalogError) -> (candidates: [LinkPosition], scanned: Int, next: LinkPosition?) {
    let planned = Self.plannedLimit(limit)
    let rows = try await read(
      """
      WITH page AS (
        SELECT l.repository, l.blob, l.leased_until FROM repository_blobs l
        WHERE (l.repository, l.blob) > (CAST($1 AS BIGINT), CAST($2 AS BIGINT))
        ORDER BY l.repository, l.blob LIMIT \(planned)
      )
      SELECT CAST(0 AS BIGINT), page.repository, page.blob FROM page
      WHERE page.leased_until <= now_ms() AND \(Self.isUnreferenced(link: "page"))
      UNION ALL SELECT CAST(1 AS BIGINT), last.repository, last.blob FROM (
        SELECT repository, blob FROM page ORDER BY repository DESC, blob DESC LIMIT 1
      ) last
      UNION ALL SELECT CAST(2 AS BIGINT), count(*), CAST(0 AS BIGINT) FROM page
      """, [.integer(position.repository.rawValue), .integer(position.blob.rawValue)])
    var candidates: [LinkPosition] = []
    var last: LinkPosition?
    var scanned = 0
    for row in rows {
      switch try row.integer(0) {
      case 0: candidates.append(try Self.linkPosition(row, 1))
      case 1: last = try Self.linkPosition(row, 1)
      default: scanned = try row.count(1)
      }
    }
    return (candidates, scanned, scanned < planned ? nil : last)
  }

  private static func isUnreferenced(link: String) -> String {
    """
    NOT EXISTS (
      SELECT 1 FROM manifest_blobs m WHERE m.repository = \(link).repository AND m.blob = \(link).blob)
    """
  }

  private static func parameters(_ links: [LinkPosition]) -> [SQLValue] {
    [.integers(links.map(\.repository.rawValue)), .integers(links.map(\.blob.rawValue))]
  }

  private static func linkPosition(_ row: SQLRow, _ index: Int) throws(CatalogError) -> LinkPosition {
    LinkPosition(
      repository: RepositoryID(rawValue: try row.integer(index)), blob: BlobID(rawValue: try row.integer(index + 1)))
  }
}
