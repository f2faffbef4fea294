package import SharedModel
package import SharedQueue

/// How jobs come to be: the one upsert that commits, healing and requests share.
extension Catalog {
  /// An upsert that opens one job a row of `select` (blob, target, lane, size, namespace) and returns id, target and lane.
  ///
  /// A job that was done, parked or had lost its source starts afresh; a leased one is left to its worker; a queued one
  /// takes the earlier lane, becomes due now and stays with the namespace that asked first. Jobs left as they were are
  /// not returned; one that another statement has queued a moment ago is such, whichever of the two began first.
  /// A location that takes no copies (any more) gets no job: such rows are passed over.
  static func openJobs(selecting select: String, returning columns: String = "id, target, lane") -> String {
    """
    INSERT INTO jobs (blob, target, lane, size, namespace)
    SELECT asked.blob, asked.target, asked.lane, asked.size, asked.namespace
    FROM (\(select)) AS asked (blob, target, lane, size, namespace)
    WHERE EXISTS (SELECT 1 FROM locations l WHERE l.id = asked.target AND \(isOpen("l")))
    ON CONFLICT (blob, target) DO UPDATE SET
      lane = CASE WHEN jobs.state = 'queued' AND jobs.lane < excluded.lane THEN jobs.lane ELSE excluded.lane END,
      namespace = CASE WHEN jobs.state = 'queued' AND jobs.namespace <> '' THEN jobs.namespace
        ELSE excluded.namespace END,
      attempts = CASE jobs.state WHEN 'queued' THEN jobs.attempts ELSE 0 END,
      rescues = CASE jobs.state WHEN 'queued' THEN jobs.rescues ELSE 0 END,
      last_error = CASE jobs.state WHEN 'queued' THEN jobs.last_error END,
      created_at = CASE jobs.state WHEN 'queued' THEN jobs.created_at ELSE excluded.created_at END,
      state = 'queued', not_before = excluded.not_before, is_delayed = 0,
      done_at = NULL, source = NULL, bytes_read = NULL, duration_ms = NULL
    WHERE jobs.state IN ('done', 'parked', 'source_lost')
      OR (jobs.state = 'queued' AND (jobs.is_delayed = 1 OR jobs.lane > excluded.lane))
    RETURNING \(columns)
    """
  }

  /// A condition: no good copy of `blob` is at `location`.
  static func lacksPlacement(blob: String, location: String) -> String {
    """
    NOT EXISTS (
      SELECT 1 FROM placements p WHERE p.blob = \(blob) AND p.location = \(location) AND p.state = 'verified')
    """
  }

  /// A value: the namespace of one of the repositories that link `blob`, whichever is found first; empty where none
  /// does.
  static func namespace(of blob: String) -> String {
    """
    COALESCE((
      SELECT r.namespace FROM repository_blobs l JOIN repositories r ON r.id = l.repository WHERE l.blob = \(blob) LIMIT 1
    ), '')
    """
  }

  /// Asks for copies of these blobs at `target`, sooner where a job in a later lane is waiting already.
  ///
  /// Blobs that have a good copy there, or are gone, or whose job a worker holds, are passed over. For a reader that
  /// waits (`urgent`) and for filling a location (`backfill`).
  package func openJobs(
    for blobs: [BlobID], target: LocationID, lane: Lane
  ) async throws(CatalogError) -> [JobAnnouncement] {
    let sorted = Set(blobs).sorted()
    let rows = try await write(
      Self.openJobs(
        selecting: """
          SELECT wanted.id, CAST($2 AS TEXT), CAST($3 AS SMALLINT), wanted.size, \(Self.namespace(of: "wanted.id")) FROM (
            SELECT b.id, b.size FROM blobs b
            WHERE b.id IN (SELECT item.id FROM \(dialect.rows("item", .integers("id", 1))))
            ORDER BY b.id \(dialect.guardingRows("b"))
          ) wanted
          WHERE \(Self.lacksPlacement(blob: "wanted.id", location: "$2")) ORDER BY wanted.id
          """),
      [.integers(sorted.map(\.rawValue)), .text(target.description), .integer(lane.rank)])
    return try rows.announcements()
  }

  /// Takes a copy that was found missing or wrong out of service and opens the job that heals it.
  ///
  /// Nothing happens where the placement has another key by now, or is quarantined already. The object itself stays
  /// until a good copy has taken its place. With `sparingSole` nothing happens either where it is the last verified copy:
  /// a blob is only given up on the word of whoever is sure.
  package func quarantine(
    _ placement: Placement, of blob: BlobID, reason: String, sparingSole: Bool = false
  ) async throws(CatalogError) -> [JobAnnouncement] {
    let rows = try await write(
      """
      WITH guarded AS (
        SELECT b.id FROM blobs b WHERE b.id = $1
          AND ($6 = 0 OR b.sole_location IS NULL OR b.sole_location <> $2) \(dialect.guardingRows("b"))
      ), bad AS (
        UPDATE placements SET state = 'quarantined', reason = $4
        WHERE blob IN (SELECT id FROM guarded) AND location = $2 AND object_key = $3 AND state = 'verified' RETURNING blob, location
      ), opened AS (
        \(Self.openJobs(selecting: """
          SELECT bad.blob, bad.location, CAST($5 AS SMALLINT), b.size, \(Self.namespace(of: "bad.blob"))
          FROM bad JOIN blobs b ON b.id = bad.blob
          """))
      )
      SELECT id, target, lane FROM opened
      """,
      [
        .integer(blob.rawValue), .text(placement.location.description), .text(placement.key.description),
        .text(Self.storable(reason)), .integer(Lane.urgent.rank), .integer(sparingSole ? 1 : 0),
      ])
    return try rows.announcements()
  }

  /// A text for people, cut to what a row should hold and without what the database cannot store.
  static func storable(_ text: String) -> String {
    var kept = ""
    for scalar in text.unicodeScalars.prefix(1000) where scalar.value != 0 { kept.unicodeScalars.append(scalar) }
    return kept
  }
}
