package import SharedModel
package import SharedQueue

/// The walk that finds what is missing anywhere and orders it (G10).
extension Catalog {
  /// The blobs one step looks at: small enough for a fraction of a second, so that a busy server ends it in time too.
  package static let backfillBatch = 1024

  /// Looks at the next blobs after `position` and opens a job in the backfill lane for each copy that is missing and not
  /// ordered (I5); with `isOpening` false it only counts.
  ///
  /// Blobs that no repository links are garbage and passed over. A job that is parked stays so, and one that has lost
  /// its source until a good copy is somewhere: both are counted, and wait for a person. Repeating a step, and steps of
  /// several walks at once, end in the same state. `listing` bounds the copies named in the answer, `announcing` the
  /// announcements; workers that are awake claim the rest from the table.
  package func backfill(
    after position: BlobID, scope: BackfillScope, defaultLocations: [LocationID], isOpening: Bool,
    listing: Int = 0, announcing: Int = 64
  ) async throws(CatalogError) -> BackfillStep {
    let parameters: [SQLValue] = [
      .integer(position.rawValue), .texts(defaultLocations.map(\.description)), .text(scope.location?.description),
      .text(scope.namespace), .integer(Int64(isOpening ? max(listing, announcing) : listing)),
    ]
    let rows =
      isOpening
      ? try await write(backfillStatement(isOpening: true), parameters)
      : try await read(backfillStatement(isOpening: false), parameters)
    return try Self.backfillStep(rows, isOpening: isOpening, listing: listing, announcing: announcing)
  }

  /// Jobs waiting or being done, for one target or for all; from an index alone, so quick at any size.
  package func openJobCount(at target: LocationID?) async throws(CatalogError) -> Int64 {
    let rows = try await read(
      """
      SELECT count(*) FROM jobs WHERE state IN ('queued', 'leased')
        AND (CAST($1 AS TEXT) IS NULL OR target = $1)
      """, [.text(target?.description)])
    return try rows.first?.integer(0) ?? 0
  }

  /// The number of blobs there are.
  package func blobCount() async throws(CatalogError) -> Int64 {
    try await read("SELECT count(*) FROM blobs", []).first?.integer(0) ?? 0
  }

  private func backfillStatement(isOpening: Bool) -> String {
    """
    WITH \(isOpening ? openLocations() : readLocations()), page AS (
      SELECT b.id, b.size, b.digest FROM blobs b WHERE b.id > CAST($1 AS BIGINT) ORDER BY b.id
      LIMIT \(Self.backfillBatch)
    ), missing AS (
      SELECT page.id, page.digest, page.size, needed.location, min(r.namespace) AS namespace
      FROM page JOIN repository_blobs link ON link.blob = page.id JOIN repositories r ON r.id = link.repository
      \(dialect.forEach) \(requiredLocations(of: "r.namespace", defaults: 2)) needed
      WHERE \(Self.lacksPlacement(blob: "page.id", location: "needed.location"))
        AND (CAST($3 AS TEXT) IS NULL OR needed.location = $3) AND (CAST($4 AS TEXT) IS NULL OR r.namespace = $4)
      GROUP BY page.id, page.digest, page.size, needed.location
    ), standing AS (
      SELECT missing.*, j.state, CASE WHEN j.id IS NULL OR j.state = 'done' OR (j.state = 'source_lost' AND EXISTS (
          SELECT 1 FROM placements p WHERE p.blob = missing.id AND p.state = 'verified')) THEN 1 ELSE 0 END AS is_idle
      FROM missing LEFT JOIN jobs j ON j.blob = missing.id AND j.target = missing.location
    ), \(isOpening ? orderedCopies : rehearsedCopies)
    SELECT CAST(0 AS BIGINT), CAST(count(*) AS BIGINT), NULL, max(page.id), NULL, NULL FROM page
    UNION ALL
    SELECT CAST(1 AS BIGINT), count(*), CASE WHEN o.id IS NULL THEN standing.state ELSE 'queued' END,
      CAST(sum(standing.size) AS BIGINT), NULL, CAST(count(o.id) AS BIGINT)
    FROM standing LEFT JOIN opened o ON o.blob = standing.id AND o.target = standing.location GROUP BY 3
    UNION ALL
    SELECT * FROM (
      SELECT CAST(2 AS BIGINT), o.id, o.target, o.lane, standing.digest, CAST(NULL AS BIGINT)
      FROM opened o JOIN standing ON standing.id = o.blob AND standing.location = o.target
      ORDER BY o.blob, o.target LIMIT CAST($5 AS BIGINT)
    ) listed
    """
  }

  /// The blobs are kept from collection first, in order: one that goes meanwhile is passed over and fails nothing.
  private var orderedCopies: String {
    """
    kept AS (
      SELECT b.id FROM blobs b WHERE b.id IN (SELECT standing.id FROM standing WHERE is_idle = 1)
      ORDER BY b.id \(dialect.keepingRows("b"))
    ), opened AS (
      \(Self.openJobs(
        selecting: """
          SELECT standing.id, standing.location, CAST(\(Lane.backfill.rank) AS SMALLINT), standing.size, standing.namespace
          FROM kept JOIN standing ON standing.id = kept.id WHERE standing.is_idle = 1
          ORDER BY standing.id, standing.location
          """, returning: "id, target, lane, blob"))
    )
    """
  }

  private var rehearsedCopies: String {
    """
    opened AS (
      SELECT CAST(NULL AS BIGINT) AS id, standing.location AS target, CAST(2 AS BIGINT) AS lane, standing.id AS blob
      FROM standing
    )
    """
  }

  /// As `openLocations`, without holding the rows: for statements that change nothing.
  func readLocations() -> String {
    "open_locations AS (SELECT l.id, l.state FROM locations l WHERE \(Self.isOpen("l")))"
  }

  private static func backfillStep(
    _ rows: [SQLRow], isOpening: Bool, listing: Int, announcing: Int
  ) throws(CatalogError) -> BackfillStep {
    var (scanned, opened): (Int, Int) = (0, 0)
    var last: Int64?
    var gap = ReplicationGap()
    var announcements: [JobAnnouncement] = []
    var listed: [MissingCopy] = []
    for row in rows {
      switch try row.integer(0) {
      case 0:
        scanned = try row.count(1)
        last = try row.optionalInteger(3)
      case 1:
        let state = try row.optionalText(2).flatMap(JobState.init(rawValue:))
        gap.add(try row.integer(1), bytes: try row.integer(3), in: state)
        opened += try row.count(5)
      default:
        if isOpening, announcements.count < announcing {
          announcements.append(
            JobAnnouncement(id: JobID(rawValue: try row.integer(1)), target: try row.location(2), lane: try row.lane(3))
          )
        }
        if listed.count < listing {
          listed.append(MissingCopy(digest: try row.digest(4), location: try row.location(2)))
        }
      }
    }
    return BackfillStep(
      scanned: scanned, next: scanned < backfillBatch ? nil : last.map(BlobID.init(rawValue:)), gap: gap,
      opened: opened, announcements: announcements, listed: listed)
  }
}
