package import SharedModel

/// What the comparison of a bucket with the database asks and decides.
extension Catalog {
  /// Up to `limit` keys of placements at a location after `name`, up to and with `last` (nil: to the end), in the bytewise
  /// order in which stores list.
  package func placedKeys(
    at location: LocationID, after name: String, upTo last: String?, limit: Int
  ) async throws(CatalogError) -> [PlacedKey] {
    let rows = try await read(
      """
      SELECT b.id, b.digest, b.size, p.location, p.object_key, p.state FROM (
        SELECT * FROM placements WHERE location = $1 AND object_key > $2
          AND (CAST($3 AS TEXT) IS NULL OR object_key <= CAST($3 AS TEXT))
        ORDER BY object_key LIMIT \(Self.plannedLimit(limit))
      ) p JOIN blobs b ON b.id = p.blob ORDER BY p.object_key LIMIT $4
      """, [.text(location.description), .text(name), .text(last), .integer(Int64(limit))])
    return try rows.map { (row) throws(CatalogError) in PlacedKey(copy: try Self.placedBlob(row)) }
  }

  /// Whether the catalog knows of any copy at a location.
  package func hasPlacements(at location: LocationID) async throws(CatalogError) -> Bool {
    try await !read("SELECT blob FROM placements WHERE location = $1 LIMIT 1", [.text(location.description)]).isEmpty
  }

  /// Those of these objects and uploads that nothing refers to at this moment and that are not on record for deletion.
  package func strays(
    among objects: [StrayObject], at location: LocationID
  ) async throws(CatalogError) -> Set<StrayObject> {
    guard !objects.isEmpty else { return [] }
    let rows = try await read(
      "\(strayItems) SELECT item.object_key, item.multipart_id FROM item WHERE \(Self.isStray)",
      Self.parameters(objects, location))
    return try Self.strayObjects(rows)
  }

  /// Puts those of these objects and uploads on record for deletion that are strays at this moment, and returns them (I7).
  ///
  /// One statement decides and records. The sweeper looks once more when it takes the record, so an object that its maker
  /// commits in between is spared.
  package func recordStrays(
    among objects: [StrayObject], at location: LocationID, reason: String
  ) async throws(CatalogError) -> Set<StrayObject> {
    guard !objects.isEmpty else { return [] }
    let rows = try await write(
      """
      \(strayItems)
      INSERT INTO object_deletions (location, object_key, multipart_id, reason, not_before)
      SELECT item.location, item.object_key, item.multipart_id, CAST($4 AS TEXT), now_ms() + CAST($5 AS BIGINT)
      FROM item WHERE \(Self.isStray)
      ON CONFLICT (location, object_key, multipart_id) DO NOTHING
      RETURNING object_key, multipart_id
      """,
      Self.parameters(objects, location) + [.text(Self.storable(reason)), .milliseconds(Self.deletionGrace)])
    return try Self.strayObjects(rows)
  }

  /// Gives up to `limit` checkpoints at a location up that no copy has gone on from for `age`, and puts their uploads on
  /// record for deletion: those of jobs that wait or were parked. Such a copy begins anew (I7).
  package func expireCheckpoints(
    at location: LocationID, olderThan age: Duration, limit: Int
  ) async throws(CatalogError) -> Int {
    let rows = try await write(
      """
      WITH idle AS (
        SELECT c.job FROM copy_checkpoints c JOIN jobs j ON j.id = c.job
        WHERE c.location = $1 AND c.updated_at <= now_ms() - CAST($2 AS BIGINT)
          AND (j.state <> 'leased' OR j.leased_until <= now_ms())
        ORDER BY c.job LIMIT \(Self.plannedLimit(limit)) \(dialect.skippingLocked("c"))
      ), previous AS (
        DELETE FROM copy_checkpoints WHERE job IN (SELECT job FROM idle)
        RETURNING job, location, object_key, multipart_id
      ), \(Self.abandonedCopies("previous", reason: "'idle copy'", grace: 3))
      SELECT job FROM previous
      """, [.text(location.description), .milliseconds(age), .milliseconds(Self.deletionGrace)])
    return rows.count
  }

  private var strayItems: String {
    """
    WITH item AS (
      SELECT CAST($1 AS TEXT) AS location, given.object_key, given.multipart_id
      FROM \(dialect.rows("given", .texts("object_key", 2), .texts("multipart_id", 3)))
    )
    """
  }

  private static let isStray = """
    NOT (\(isInUse(item: "item"))) AND NOT EXISTS (
      SELECT 1 FROM object_deletions d WHERE d.location = item.location AND d.object_key = item.object_key
        AND d.multipart_id = item.multipart_id)
    """

  private static func parameters(_ objects: [StrayObject], _ location: LocationID) -> [SQLValue] {
    [
      .text(location.description), .texts(objects.map(\.key.description)), .texts(objects.map { $0.multipartID ?? "" }),
    ]
  }

  private static func strayObjects(_ rows: [SQLRow]) throws(CatalogError) -> Set<StrayObject> {
    var found: Set<StrayObject> = []
    for row in rows {
      let upload = try row.text(1)
      found.insert(StrayObject(key: try row.key(0), multipartID: upload.isEmpty ? nil : upload))
    }
    return found
  }
}
