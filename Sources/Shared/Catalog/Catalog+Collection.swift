package import SharedQueue

/// The second pass of garbage collection: blobs that nothing links, and the record of every object they leave behind.
extension Catalog {
  /// Looks at up to `limit` blobs after `position` and removes those that no repository links, no finished upload may
  /// still be asked about and no worker is copying at this moment (I7).
  ///
  /// One transaction, in the reverse order of a push (I2): the blobs are locked by ascending id, those somebody holds are
  /// passed over; a second statement looks again with a fresh snapshot; every object (copies good and bad, replaced
  /// ones, uploads of checkpoints) is put on record to be deleted no sooner than `grace` from now; the placements go,
  /// then the blob, and with it its jobs. A push of the same digest that waited for the lock makes a blob of its own with
  /// fresh keys (D2), so nothing it stores can be hit. A worker's late report finds no blob, and its object is put on
  /// record by `completeJobs`.
  ///
  /// `grace` must be longer than any URL handed out and any download of an unlinked blob. With `isRehearsal` nothing is
  /// changed, and blobs whose links the first pass would remove count too.
  package func collectBlobs(
    after position: BlobID, limit: Int, grace: Duration, isRehearsal: Bool = false,
    whileLocked: CollectionInterleaving? = nil
  ) async throws(CatalogError) -> CollectionPage<BlobID> {
    let page = try await scanBlobs(after: position, limit: limit, isRehearsal: isRehearsal)
    guard !isRehearsal, !page.candidates.isEmpty else {
      return CollectionPage(
        scanned: page.scanned, collected: page.candidates.count, bytes: page.bytes, objects: page.objects,
        next: page.next)
    }
    var result = (collected: 0, bytes: Int64(0), objects: 0)
    var rest = page.candidates[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(Self.blobsPerTransaction))
      rest = rest.dropFirst(Self.blobsPerTransaction)
      let step = try await removeBlobs(part, grace: grace, whileLocked: whileLocked)
      result.collected += step.collected
      result.bytes = result.bytes.saturatingSum(step.bytes)
      result.objects += step.objects
    }
    return CollectionPage(
      scanned: page.scanned, collected: result.collected, bytes: result.bytes, objects: result.objects, next: page.next)
  }

  /// So that no transaction holds rows that pushes may wait for longer than some milliseconds.
  private static let blobsPerTransaction = 100

  private func removeBlobs(
    _ candidates: [Int64], grace: Duration, whileLocked: CollectionInterleaving?
  ) async throws(CatalogError) -> (collected: Int, bytes: Int64, objects: Int) {
    let dialect = dialect
    return try await transact {
      (transaction) async throws(CatalogError) -> (collected: Int, bytes: Int64, objects: Int) in
      let locked = try await transaction.query(
        """
        SELECT b.id FROM blobs b WHERE b.id IN (SELECT candidate.id FROM \(dialect.rows("candidate", .integers("id", 1))))
        ORDER BY b.id \(dialect.skippingLocked("b"))
        """, [.integers(candidates)])
      if let whileLocked { await whileLocked() }
      guard !locked.isEmpty else { return (0, 0, 0) }
      let dead = try await transaction.query(
        """
        SELECT b.id, b.size FROM blobs b
        WHERE b.id IN (SELECT held.id FROM \(dialect.rows("held", .integers("id", 1))))
          AND \(Self.isUnclaimed) AND \(Self.isUnlinked)
        ORDER BY b.id
        """, [.integers(try locked.map { (row) throws(CatalogError) in try row.integer(0) })])
      guard !dead.isEmpty else { return (0, 0, 0) }
      let ids = SQLValue.integers(try dead.map { (row) throws(CatalogError) in try row.integer(0) })
      let recorded = try await transaction.query(
        Self.recordObjects(of: dialect.rows("dead", .integers("id", 1))), [ids, .milliseconds(grace)])
      // The placements in a statement of their own: the trigger that counts them still needs the blobs' sizes.
      _ = try await transaction.query(
        "DELETE FROM placements WHERE blob IN (SELECT dead.id FROM \(dialect.rows("dead", .integers("id", 1))))", [ids])
      _ = try await transaction.query(
        "DELETE FROM blobs WHERE id IN (SELECT dead.id FROM \(dialect.rows("dead", .integers("id", 1))))", [ids])
      var bytes: Int64 = 0
      for row in dead { bytes = bytes.saturatingSum(try row.integer(1)) }
      return (dead.count, bytes, recorded.count)
    }
  }

  /// An insert of every object that the blobs of `dead` (column id) have anywhere; parameter 2 is the grace.
  ///
  /// One that is on record already gets this grace: its record may be from when the object was not yet a copy, and
  /// whoever claims that record at this moment, to drop it because the key is in use, must see or await this change.
  private static func recordObjects(of dead: String) -> String {
    """
    INSERT INTO object_deletions (location, object_key, multipart_id, not_before, reason)
    SELECT DISTINCT garbage.location, garbage.object_key, garbage.multipart_id, now_ms() + CAST($2 AS BIGINT),
      'collected blob'
    FROM (
      SELECT p.location, p.object_key, '' AS multipart_id FROM placements p JOIN \(dead) ON dead.id = p.blob
      UNION ALL
      SELECT p.location, p.replaced_key, '' FROM placements p JOIN \(dead) ON dead.id = p.blob
      WHERE p.replaced_key IS NOT NULL
      UNION ALL
      SELECT c.location, c.object_key, '' FROM copy_checkpoints c JOIN jobs j ON j.id = c.job JOIN \(dead) ON dead.id = j.blob
      UNION ALL
      SELECT c.location, c.object_key, c.multipart_id FROM copy_checkpoints c
      JOIN jobs j ON j.id = c.job JOIN \(dead) ON dead.id = j.blob
    ) garbage
    ON CONFLICT (location, object_key, multipart_id) DO UPDATE SET not_before =
      CASE WHEN object_deletions.not_before > excluded.not_before
        THEN object_deletions.not_before ELSE excluded.not_before END, reason = excluded.reason
    RETURNING id
    """
  }

  private func scanBlobs(
    after position: BlobID, limit: Int, isRehearsal: Bool
  ) async throws(CatalogError) -> (candidates: [Int64], bytes: Int64, objects: Int, scanned: Int, next: BlobID?) {
    let planned = Self.plannedLimit(limit)
    let rows = try await read(
      """
      WITH page AS (
        SELECT b.id, b.size FROM blobs b WHERE b.id > CAST($1 AS BIGINT) ORDER BY b.id LIMIT \(planned)
      )
      SELECT CAST(0 AS BIGINT), b.id, b.size, (SELECT count(*) FROM placements p WHERE p.blob = b.id)
      FROM page b WHERE \(Self.isUnclaimed) AND \(isRehearsal ? Self.willBeUnlinked : Self.isUnlinked)
      UNION ALL SELECT CAST(1 AS BIGINT), max(id), count(*), CAST(0 AS BIGINT) FROM page
      """, [.integer(position.rawValue)])
    var candidates: [Int64] = []
    var bytes: Int64 = 0
    var objects = 0
    var scanned = 0
    var last: Int64?
    for row in rows {
      if try row.integer(0) == 0 {
        candidates.append(try row.integer(1))
        bytes = bytes.saturatingSum(try row.integer(2))
        objects += try row.count(3)
      } else {
        last = try row.optionalInteger(1)
        scanned = try row.count(2)
      }
    }
    return (candidates, bytes, objects, scanned, scanned < planned ? nil : last.map(BlobID.init(rawValue:)))
  }

  /// Conditions on a blob `b`.
  private static let isUnlinked = "NOT EXISTS (SELECT 1 FROM repository_blobs l WHERE l.blob = b.id)"
  private static let isUnclaimed = """
    NOT EXISTS (SELECT 1 FROM finished_uploads f WHERE f.blob = b.id AND f.expires_at > now_ms())
      AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.blob = b.id AND j.state = 'leased' AND j.leased_until > now_ms())
    """
  private static let willBeUnlinked = """
    NOT EXISTS (
      SELECT 1 FROM repository_blobs l WHERE l.blob = b.id AND (l.leased_until > now_ms() OR EXISTS (
        SELECT 1 FROM manifest_blobs m WHERE m.repository = l.repository AND m.blob = l.blob)))
    """
}

extension Int64 {
  /// The sum, or the largest number where it does not fit; for counts shown to people.
  func saturatingSum(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
