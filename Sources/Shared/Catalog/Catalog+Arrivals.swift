package import SharedModel
import SharedQueue

/// When images become readable at a location.
extension Catalog {
  /// Notes which of up to `limit` awaited arrivals at `location` have come about: every blob of the image, and of all
  /// manifests below it, has a verified copy there.
  ///
  /// `deliveries` says which receivers are to be told what; the notes and the deliveries are written in one
  /// transaction, so no event is lost or told for nothing. An arrival is noted once, however many workers look. The
  /// moment it came about is that of the last copy that was made for it, not that of the look.
  package func noteArrivals(
    _ candidates: ArrivalCandidates, at location: LocationID, limit: Int,
    deliveries: @escaping @Sendable ([ImageReadable]) -> [WebhookDelivery.Draft]
  ) async throws(CatalogError) -> ArrivalsFound {
    let (page, parameter) = pageOfArrivals(candidates, limit: limit)
    let rows = try await survey(
      """
      WITH RECURSIVE \(page), tree (root, manifest) AS (
        SELECT page.manifest, page.manifest FROM page
        UNION SELECT tree.root, c.child FROM tree JOIN manifest_children c ON c.manifest = tree.manifest
      ), needed AS (
        SELECT DISTINCT tree.root, l.blob FROM tree JOIN manifest_blobs l ON l.manifest = tree.manifest
      ), state AS (
        SELECT needed.root, sum(CASE WHEN p.blob IS NULL THEN 1 ELSE 0 END) AS lacking, max(j.done_at) AS latest
        FROM needed
        LEFT JOIN placements p ON p.blob = needed.blob AND p.location = $1 AND p.state = 'verified'
        LEFT JOIN jobs j ON j.blob = needed.blob AND j.target = $1 AND j.state = 'done'
        GROUP BY needed.root
      )
      SELECT page.manifest, CASE WHEN coalesce(state.lacking, 0) = 0 THEN 1 ELSE 0 END,
        CASE WHEN state.latest > m.created_at THEN state.latest ELSE m.created_at END
      FROM page JOIN manifests m ON m.id = page.manifest LEFT JOIN state ON state.root = page.manifest
      ORDER BY page.manifest
      """, [.text(location.description), parameter])
    var complete: [(manifest: Int64, readableAtMs: Int64)] = []
    for row in rows where try row.integer(1) == 1 { complete.append((try row.integer(0), try row.integer(2))) }
    let arrived = complete.isEmpty ? [] : try await note(complete, at: location, deliveries: deliveries)
    return ArrivalsFound(looked: rows.count, last: try rows.last?.integer(0), arrived: arrived)
  }

  private func note(
    _ complete: [(manifest: Int64, readableAtMs: Int64)], at location: LocationID,
    deliveries: @escaping @Sendable ([ImageReadable]) -> [WebhookDelivery.Draft]
  ) async throws(CatalogError) -> [ImageReadable] {
    let update = """
      WITH noted AS (
        UPDATE image_arrivals SET readable_at = item.readable_at
        FROM \(dialect.rows("item", .integers("manifest", 2), .integers("readable_at", 3)))
        WHERE image_arrivals.location = $1 AND image_arrivals.manifest = item.manifest
          AND image_arrivals.readable_at IS NULL
        RETURNING image_arrivals.manifest, image_arrivals.readable_at
      )
      SELECT r.name, m.digest, noted.readable_at, m.created_at, (
        SELECT \(dialect.lines("t.name")) FROM (
          SELECT name FROM tags WHERE repository = m.repository AND manifest = m.id ORDER BY name LIMIT 100) t)
      FROM noted JOIN manifests m ON m.id = noted.manifest JOIN repositories r ON r.id = m.repository
      ORDER BY noted.readable_at, m.id
      """
    let parameters: [SQLValue] = [
      .text(location.description), .integers(complete.map(\.manifest)), .integers(complete.map(\.readableAtMs)),
    ]
    let record = recordDeliveries
    return try await database.transaction { (transaction) throws(CatalogError) in
      let rows = try await transaction.query(update, parameters)
      let arrived = try rows.map { (row) throws(CatalogError) in try Self.imageReadable(row, at: location) }
      let drafts = arrived.isEmpty ? [] : deliveries(arrived)
      if !drafts.isEmpty {
        _ = try await transaction.query(record, [.texts(drafts.map(\.receiver)), .texts(drafts.map(\.event))])
      }
      return arrived
    }
  }

  /// The WITH clauses that end in `page (manifest)`, and their parameter; the location is the first.
  private func pageOfArrivals(_ candidates: ArrivalCandidates, limit: Int) -> (clauses: String, SQLValue) {
    let limit = Self.plannedLimit(limit)
    let awaited = "a.location = $1 AND a.readable_at IS NULL"
    switch candidates {
    case .after(let last):
      return (
        """
        page AS (
          SELECT a.manifest FROM image_arrivals a WHERE \(awaited) AND a.manifest > $2 ORDER BY a.manifest LIMIT \(limit)
        )
        """, .integer(last ?? 0)
      )
    case .newest:
      return (
        """
        page AS (
          SELECT a.manifest FROM image_arrivals a WHERE \(awaited) AND CAST($2 AS BIGINT) IS NULL
          ORDER BY a.manifest DESC LIMIT \(limit)
        )
        """, .null
      )
    case .touching(let blobs):
      return (
        """
        above (manifest, repository) AS (
          (
            SELECT l.manifest, l.repository FROM repository_blobs held
            JOIN manifest_blobs l ON l.repository = held.repository AND l.blob = held.blob
            WHERE held.blob IN (SELECT item.id FROM \(dialect.rows("item", .integers("id", 2))))
            ORDER BY l.manifest DESC LIMIT \(limit)
          )
          UNION SELECT c.manifest, c.repository FROM above
          JOIN manifest_children c ON c.child = above.manifest AND c.repository = above.repository
        ), page AS (
          SELECT a.manifest FROM above JOIN image_arrivals a ON a.manifest = above.manifest WHERE \(awaited)
          LIMIT \(limit)
        )
        """, .integers(Set(blobs).sorted().map(\.rawValue))
      )
    }
  }

  private static func imageReadable(_ row: SQLRow, at location: LocationID) throws(CatalogError) -> ImageReadable {
    ImageReadable(
      repository: try row.repositoryName(0), digest: try row.digest(1), tags: try tags(row.optionalText(4)),
      location: location, pushedAtMs: try row.integer(3), readableAtMs: try row.integer(2))
  }
}
