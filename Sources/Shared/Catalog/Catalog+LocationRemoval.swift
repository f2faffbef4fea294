package import SharedModel
import SharedQueue

/// Taking a location out of the registry for good (G11).
extension Catalog {
  /// What there is at a location, without its last copies.
  package func locationContents(_ location: LocationID) async throws(CatalogError) -> LocationRemoval {
    let rows = try await read(
      """
      SELECT (SELECT count(*) FROM placements p WHERE p.location = $1),
        (SELECT CAST(coalesce(sum(b.size), 0) AS BIGINT) FROM placements p JOIN blobs b ON b.id = p.blob
          WHERE p.location = $1),
        (SELECT count(*) FROM jobs j WHERE j.target = $1),
        (SELECT count(*) FROM upload_sessions s WHERE s.location = $1)
      """, [.text(location.description)])
    guard let row = rows.first else { return LocationRemoval() }
    var contents = LocationRemoval()
    (contents.placements, contents.bytes) = (try row.integer(0), try row.integer(1))
    (contents.jobs, contents.uploads) = (try row.integer(2), try row.integer(3))
    return contents
  }

  /// Removes everything the catalog knows at a location that is draining or read-only, all of it or nothing.
  ///
  /// One transaction, in batches. Each batch holds the rows of its blobs, which keeps quarantine, collection and pushes
  /// of the same digests out, then, with a fresh look, a good copy of each linked blob at another location: where there
  /// is none, everything is rolled back (I13). A second removal waits for the first one. At the end the location's own
  /// row is taken, which waits for the pushes that hold it, and what those brought goes the same way; later ones are
  /// refused (`commitBlob`). The name stays reserved.
  ///
  /// With `deletingObjects` every object is put on record to be deleted at once; else what was on record is forgotten,
  /// for then nothing is to touch the bucket any more. `beginning` is called before each try, `removed` with each batch.
  /// Both must have no effect that matters when the transaction is rolled back.
  package func removeLocation(
    _ location: LocationID, deletingObjects: Bool, beginning: @escaping @Sendable () -> Void = {},
    removed: @escaping @Sendable ([RemovedPlacement]) -> Void = { _ in }
  ) async throws(CatalogError) -> LocationRemovalOutcome {
    let requiring = try await namespacesRequiring(location, limit: 20)
    guard requiring.isEmpty else { return .required(by: requiring) }
    let dialect = dialect
    do {
      return try await transact { (transaction) async throws(CatalogError) -> LocationRemovalOutcome in
        beginning()
        let removing = Removing(
          transaction: transaction, dialect: dialect, location: location, deletingObjects: deletingObjects,
          removed: removed)
        return try await removing.run()
      }
    } catch .conflict(.lastCopy) {
      return .lastCopies
    }
  }

  /// How many objects of a location are on record for deletion.
  package func deletionCount(at location: LocationID) async throws(CatalogError) -> Int64 {
    try await read("SELECT count(*) FROM object_deletions WHERE location = $1", [.text(location.description)])
      .first?.integer(0) ?? 0
  }
}

/// The steps of a removal within its transaction.
private struct Removing: Sendable {
  let transaction: any SQLTransaction
  let dialect: SQLDialect
  let location: LocationID
  let deletingObjects: Bool
  let removed: @Sendable ([RemovedPlacement]) -> Void

  private var place: SQLValue { .text(location.description) }

  func run() async throws(CatalogError) -> LocationRemovalOutcome {
    // Held to the end: removals come one after another, so that two of them cannot each count on the other's copies.
    _ = try await transaction.query(
      "INSERT INTO sweeps (name) VALUES ('remove-location') ON CONFLICT (name) DO UPDATE SET name = excluded.name", [])
    let rows = try await transaction.query("SELECT state FROM locations WHERE id = $1", [place])
    guard let row = rows.first else { return .unknown }
    let state = try Catalog.locationState(row, 0)
    guard state == .draining || state == .readOnly else { return .wrongState(state) }
    var total = LocationRemoval()
    total.jobs += try await endJobs()
    total.uploads += try await endUploads()
    try await deletePlacements(&total, Self.everyBlob)
    // Waits for the pushes that are being committed there; from here on none begins.
    _ = try await transaction.query("UPDATE locations SET state = 'removed' WHERE id = $1", [place])
    total.jobs += try await endJobs()
    total.uploads += try await endUploads()
    try await deletePlacements(&total, Self.whatIsLeft)
    try await forget()
    return .removed(total)
  }

  private func endJobs() async throws(CatalogError) -> Int64 {
    var (count, position): (Int64, JobID?) = (0, JobID(rawValue: 0))
    while let from = position {
      let step = try await Catalog.endJobs(at: location, after: from, including: "TRUE", dialect: dialect) {
        (sql, parameters) async throws(CatalogError) in try await transaction.query(sql, parameters)
      }
      count += Int64(step.ended)
      position = step.next
    }
    return count
  }

  private func endUploads() async throws(CatalogError) -> Int64 {
    var count: Int64 = 0
    while true {
      let rows = try await transaction.query(
        """
        WITH session AS (
          DELETE FROM upload_sessions WHERE id IN (
            SELECT s.id FROM upload_sessions s WHERE s.location = $1 ORDER BY s.id LIMIT 1024)
          RETURNING id, location, object_key, multipart_id, tail_key
        ), \(Catalog.residue(of: "session", keeping: nil, grace: 2))
        SELECT count(*) FROM session
        """, [place, .milliseconds(Catalog.deletionGrace)])
      let ended = try rows.first?.integer(0) ?? 0
      if ended == 0 { return count }
      count += ended
    }
  }

  /// The blobs, or placements, of one batch; one with fewer is the last.
  private static let batchRows: Int64 = 1024

  /// The blobs of the next batch with a placement here, by ascending id: all in turn, or those of the placements left.
  private static let everyBlob = """
    SELECT b.id FROM blobs b WHERE b.id > CAST($2 AS BIGINT) ORDER BY b.id LIMIT \(batchRows)
    """
  private static let whatIsLeft = """
    SELECT p.blob FROM placements p WHERE p.location = $1 AND p.blob > CAST($2 AS BIGINT)
    ORDER BY p.blob LIMIT \(batchRows)
    """

  private func deletePlacements(_ total: inout LocationRemoval, _ batch: String) async throws(CatalogError) {
    var position: Int64? = 0
    while let from = position {
      let rows = try await transaction.query(
        """
        WITH page (id) AS (\(batch)), held AS (
          SELECT b.id FROM blobs b JOIN page ON page.id = b.id
          WHERE EXISTS (SELECT 1 FROM placements p WHERE p.blob = b.id AND p.location = $1)
          ORDER BY b.id \(dialect.sharingRows("b"))
        )
        SELECT CAST(0 AS BIGINT), max(id), count(*) FROM page UNION ALL SELECT CAST(1 AS BIGINT), id, NULL FROM held
        """, [place, .integer(from)])
      var held: [Int64] = []
      position = nil
      for row in rows {
        if try row.integer(0) == 1 {
          held.append(try row.integer(1))
        } else if try row.integer(2) == Self.batchRows {
          position = try row.optionalInteger(1)
        }
      }
      if !held.isEmpty { try await deletePlacements(of: held.sorted(), &total) }
    }
  }

  /// The blobs' rows are held: nothing of them can change but by whoever holds them too, and those add copies only.
  private func deletePlacements(of blobs: [Int64], _ total: inout LocationRemoval) async throws(CatalogError) {
    try await checkOtherCopies(of: blobs)
    let rows = try await transaction.query(
      """
      WITH gone AS (
        DELETE FROM placements WHERE location = $1
          AND blob IN (SELECT item.id FROM \(dialect.rows("item", .integers("id", 2))))
        RETURNING blob, object_key, replaced_key
      )\(deletingObjects ? ", \(records)" : "")
      SELECT b.digest, b.size, gone.object_key FROM gone JOIN blobs b ON b.id = gone.blob ORDER BY b.id
      """, [place, .integers(blobs)])
    var batch: [RemovedPlacement] = []
    for row in rows {
      batch.append(RemovedPlacement(digest: try row.digest(0), key: try row.key(2)))
      total.bytes &+= try row.integer(1)
    }
    total.placements += Int64(batch.count)
    removed(batch)
  }

  private var records: String {
    """
    recorded AS (
      INSERT INTO object_deletions (location, object_key, reason)
      SELECT CAST($1 AS TEXT), gone.object_key, 'removed location' FROM gone
      UNION SELECT CAST($1 AS TEXT), gone.replaced_key, 'removed location' FROM gone
      WHERE gone.replaced_key IS NOT NULL
      ON CONFLICT (location, object_key, multipart_id) DO NOTHING
    )
    """
  }

  /// Throws where one of the blobs is linked, good here and nowhere else; holds the other good copies' rows.
  private func checkOtherCopies(of blobs: [Int64]) async throws(CatalogError) {
    let items = dialect.rows("item", .integers("id", 2))
    _ = try await transaction.query(
      """
      SELECT other.blob FROM placements other
      WHERE other.blob IN (SELECT item.id FROM \(items)) AND other.location <> $1 AND other.state = 'verified'
      ORDER BY other.blob, other.location \(dialect.sharingRows("other"))
      """, [place, .integers(blobs)])
    let last = try await transaction.query(
      """
      SELECT p.blob FROM placements p
      WHERE p.location = $1 AND p.blob IN (SELECT item.id FROM \(items)) AND p.state = 'verified'
        AND EXISTS (SELECT 1 FROM repository_blobs r WHERE r.blob = p.blob)
        AND NOT \(Catalog.hasCopyBeside("$1", blob: "p.blob"))
      LIMIT 1
      """, [place, .integers(blobs)])
    guard last.isEmpty else { throw .conflict(.lastCopy) }
  }

  /// What else speaks of the location: rules of namespaces, images awaited there, walks, and where nothing is to touch
  /// the bucket any more, the objects on record.
  private func forget() async throws(CatalogError) {
    _ = try await transaction.query("DELETE FROM namespace_locations WHERE location = $1", [place])
    _ = try await transaction.query(
      "DELETE FROM image_arrivals WHERE location = $1 AND readable_at IS NULL", [place])
    _ = try await transaction.query(
      "DELETE FROM sweeps WHERE name = $1", [.text(BackfillScope(location: location).sweepName)])
    if deletingObjects {
      _ = try await transaction.query(
        "UPDATE object_deletions SET not_before = now_ms() WHERE location = $1 AND not_before > now_ms()", [place])
    } else {
      _ = try await transaction.query("DELETE FROM object_deletions WHERE location = $1", [place])
    }
  }
}
