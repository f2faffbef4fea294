package import SharedModel
package import SharedQueue

/// Emptying a location: what has its only good copy there gets one elsewhere first (G11, I13).
///
/// As another copy counts a verified one at a location that stays: joining, active or read-only.
extension Catalog {
  /// Looks at the next blobs after `position` whose last copy is at `location`, and with `isOpening` opens the jobs
  /// that copy them to every location their namespaces require, or to `fallback` where they require none.
  ///
  /// Blobs that no repository links are garbage: counted apart and not copied. `listing` bounds the blobs named.
  package func lastCopies(
    at location: LocationID, after position: BlobID, defaultLocations: [LocationID], fallback: LocationID?,
    isOpening: Bool, listing: Int = 0, announcing: Int = 64
  ) async throws(CatalogError) -> LastCopyStep {
    let parameters: [SQLValue] = [
      .text(location.description), .integer(position.rawValue),
      .integer(Int64(max(listing, isOpening ? announcing : 0))),
    ]
    let orders: [SQLValue] = [.texts(defaultLocations.map(\.description)), .text(fallback?.description)]
    let rows =
      isOpening
      ? try await write(lastCopyStatement(isOpening: true), parameters + orders)
      : try await read(lastCopyStatement(isOpening: false), parameters)
    return try Self.lastCopyStep(rows, listing: listing, announcing: announcing)
  }

  /// Ends up to 1,024 unfinished jobs of a location, by ascending id after `position`; returns how many there were and
  /// where to go on, nil at the end.
  ///
  /// What their copies have left in the store is put on record for deletion. A worker that holds one finds its lease
  /// lost, and its copy is put on record when it reports it.
  package func endJobs(
    at location: LocationID, after position: JobID
  ) async throws(CatalogError) -> (ended: Int, next: JobID?) {
    try await Self.endJobs(at: location, after: position, including: "j.state <> 'done'", dialect: dialect) {
      (sql, parameters) async throws(CatalogError) in try await write(sql, parameters)
    }
  }

  /// As the method above, through `run`; `condition` chooses the jobs `j`.
  static func endJobs(
    at location: LocationID, after position: JobID, including condition: String, dialect: SQLDialect,
    run: (String, [SQLValue]) async throws(CatalogError) -> [SQLRow]
  ) async throws(CatalogError) -> (ended: Int, next: JobID?) {
    let rows = try await run(
      """
      WITH ending AS (
        SELECT j.id FROM jobs j WHERE j.target = $1 AND j.id > CAST($2 AS BIGINT) AND \(condition)
        ORDER BY j.id LIMIT 1024 \(dialect.lockingRows("j"))
      ), residue AS (
        INSERT INTO object_deletions (location, object_key, multipart_id, not_before, reason)
        SELECT c.location, c.object_key, kind.multipart_id, now_ms() + CAST($3 AS BIGINT), 'ended copy'
        FROM copy_checkpoints c JOIN ending ON ending.id = c.job
        \(dialect.forEach) (SELECT c.multipart_id UNION SELECT '') kind (multipart_id)
        ON CONFLICT (location, object_key, multipart_id) DO NOTHING
      ), ended AS (
        DELETE FROM jobs WHERE id IN (SELECT id FROM ending) RETURNING id
      )
      SELECT count(*), max(id) FROM ended
      """, [.text(location.description), .integer(position.rawValue), .milliseconds(deletionGrace)])
    guard let row = rows.first else { return (0, nil) }
    return (try row.count(0), try row.optionalInteger(1).map(JobID.init(rawValue:)))
  }

  /// Upload sessions that write to the location.
  package func uploadCount(at location: LocationID) async throws(CatalogError) -> Int64 {
    try await read(
      "SELECT count(*) FROM upload_sessions WHERE location = $1 AND expires_at > now_ms()",
      [.text(location.description)]
    ).first?.integer(0) ?? 0
  }

  private func lastCopyStatement(isOpening: Bool) -> String {
    """
    WITH \(isOpening ? openLocations() : readLocations()), page AS (
      SELECT b.id, b.size, b.digest FROM blobs b WHERE b.id > CAST($2 AS BIGINT) ORDER BY b.id
      LIMIT \(Self.backfillBatch)
    ), last AS (
      SELECT page.id, page.size, page.digest, \(Self.namespace(of: "page.id")) AS namespace,
        CASE WHEN EXISTS (SELECT 1 FROM repository_blobs r WHERE r.blob = page.id) THEN 1 ELSE 0 END AS is_linked
      FROM page JOIN placements p ON p.blob = page.id AND p.location = $1 AND p.state = 'verified'
      WHERE NOT \(Self.hasCopyBeside("$1", blob: "page.id"))
    ), \(isOpening ? "\(rescues)," : "") standing AS (
      SELECT last.id, last.size, last.digest, last.is_linked,
        \(isOpening ? "EXISTS (SELECT 1 FROM opened o WHERE o.blob = last.id) OR" : "")
        EXISTS (SELECT 1 FROM jobs j WHERE j.blob = last.id AND j.target <> $1 AND j.state IN ('queued', 'leased'))
        AS is_in_flight
      FROM last
    )
    SELECT CAST(0 AS BIGINT), CAST(count(*) AS BIGINT), max(page.id), CAST(NULL AS BIGINT), CAST(NULL AS TEXT) FROM page
    UNION ALL
    SELECT CAST(1 AS BIGINT), count(*), coalesce(CAST(sum(standing.size) AS BIGINT), 0),
      count(CASE WHEN is_in_flight THEN 1 END), CAST(is_linked AS TEXT)
    FROM standing GROUP BY is_linked
    UNION ALL
    SELECT * FROM (
      SELECT CAST(2 AS BIGINT), standing.id, standing.size, CAST(NULL AS BIGINT), standing.digest
      FROM standing WHERE is_linked = 1 ORDER BY standing.id LIMIT CAST($3 AS BIGINT)
    ) listed
    \(isOpening ? """
      UNION ALL SELECT * FROM (
        SELECT CAST(3 AS BIGINT), opened.id, opened.lane, CAST(NULL AS BIGINT), opened.target FROM opened
        ORDER BY opened.blob LIMIT CAST($3 AS BIGINT)
      ) announced
      """ : "")
    """
  }

  /// The jobs that bring last copies elsewhere; the blobs are kept from collection first, in order.
  private var rescues: String {
    """
    kept AS (
      SELECT b.id FROM blobs b WHERE b.id IN (SELECT last.id FROM last WHERE is_linked = 1)
      ORDER BY b.id \(dialect.keepingRows("b"))
    ), wanted AS (
      SELECT last.id, last.size, needed.location, min(r.namespace) AS namespace
      FROM kept JOIN last ON last.id = kept.id
      JOIN repository_blobs link ON link.blob = last.id JOIN repositories r ON r.id = link.repository
      \(dialect.forEach) \(requiredLocations(of: "r.namespace", defaults: 4)) needed
      WHERE needed.location <> $1
      GROUP BY last.id, last.size, needed.location
    ), opened AS (
      \(Self.openJobs(
        selecting: """
          SELECT rescue.id, rescue.location, CAST(\(Lane.normal.rank) AS SMALLINT), rescue.size, rescue.namespace FROM (
            SELECT wanted.id, wanted.location, wanted.size, wanted.namespace FROM wanted
            UNION ALL
            SELECT last.id, CAST($5 AS TEXT), last.size, last.namespace FROM kept JOIN last ON last.id = kept.id
            WHERE CAST($5 AS TEXT) IS NOT NULL AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.id = last.id)
          ) rescue ORDER BY rescue.id, rescue.location
          """, returning: "id, target, lane, blob"))
    )
    """
  }

  /// A condition: a verified copy of `blob` is at a location that stays, beside `location`.
  static func hasCopyBeside(_ location: String, blob: String) -> String {
    """
    EXISTS (
      SELECT 1 FROM placements other JOIN locations l ON l.id = other.location
      WHERE other.blob = \(blob) AND other.location <> \(location) AND other.state = 'verified'
        AND l.state IN ('joining', 'active', 'read-only'))
    """
  }

  private static func lastCopyStep(
    _ rows: [SQLRow], listing: Int, announcing: Int
  ) throws(CatalogError) -> LastCopyStep {
    var scanned = 0
    var last: Int64?
    var tally = LastCopyTally()
    var listed: [LastCopy] = []
    var announcements: [JobAnnouncement] = []
    for row in rows {
      switch try row.integer(0) {
      case 0:
        scanned = try row.count(1)
        last = try row.optionalInteger(2)
      case 1 where try row.text(4) == "1":
        tally = LastCopyTally(
          blobs: try row.integer(1), bytes: try row.integer(2), inFlight: try row.integer(3), garbage: tally.garbage)
      case 1: tally.garbage = try row.integer(1)
      case 2:
        guard listed.count < listing else { continue }
        listed.append(LastCopy(digest: try row.digest(4), sizeBytes: try row.integer(2)))
      default:
        guard announcements.count < announcing else { continue }
        announcements.append(
          JobAnnouncement(id: JobID(rawValue: try row.integer(1)), target: try row.location(4), lane: try row.lane(2)))
      }
    }
    return LastCopyStep(
      scanned: scanned, next: scanned < backfillBatch ? nil : last.map(BlobID.init(rawValue:)), tally: tally,
      announcements: announcements, listed: listed)
  }
}
