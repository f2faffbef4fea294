import SharedModel
import SharedQueue

/// The commit of a push: the one moment at which bytes in a store become a blob of the registry.
extension Catalog {
  /// Makes a pushed blob durable: blob, placement, repository link with its lease, one job for each required location
  /// that lacks it, and the end of the upload session — all of it or nothing (I5, I8).
  ///
  /// To be called only once the store has confirmed the object and its size (I2). One statement, one round trip:
  /// regions far from the database pay for every other. Where a verified copy is at that location already, the pushed
  /// object is surplus; where the copy there is quarantined, the pushed object takes its place, so a push always heals.
  /// Throws `conflict(.uploadLockLost)` where the session is not locked under the token, `conflict(.locationClosed)`
  /// where the location was removed meanwhile (I13: nothing is ever placed there again), and `outcomeUnknown` where
  /// the reply was lost: the object must then be left alone.
  package func commitBlob(_ commit: BlobCommit) async throws(CatalogError) -> CommittedBlob {
    let rows = try await write(
      commitStatement(),
      [
        .integer(commit.repository.rawValue), .text(commit.digest.description), .integer(commit.sizeBytes),
        .text(commit.location.description), .text(commit.key.description), .text(commit.upload?.id.hex),
        .text(commit.upload?.token.hex),
        .texts(Set(commit.defaultLocations).sorted().map(\.description)),
        .milliseconds(commit.linkLease), .integer(commit.lane.rank), .milliseconds(Self.deletionGrace),
      ])
    guard let first = rows.first else { throw .conflict(try await refusal(of: commit)) }
    guard try first.integer(1) == commit.sizeBytes else { throw .conflict(.sizeDiffers) }
    var jobs: [JobAnnouncement] = []
    for row in rows where try !row.isNull(3) { jobs.append(try row.announcement(from: 3)) }
    let placedKey = try first.key(2)
    return CommittedBlob(
      blob: BlobID(rawValue: try first.integer(0)), jobs: jobs,
      supersededKey: placedKey == commit.key ? nil : commit.key)
  }

  /// Everything hangs on the row of the blob: it is taken first and held, so commits of one digest come one after
  /// another, and its absence (the session is gone) leaves every other table untouched.
  ///
  /// The update of the blob changes nothing and names no key column on purpose: that lock lets others refer to the row
  /// meanwhile, where a stronger one would deadlock with workers reporting copies of the same blob.
  private func commitStatement() -> String {
    """
    WITH \(openLocations(or: "(l.id = $4 AND l.state <> 'removed')")), session AS (
      DELETE FROM upload_sessions WHERE id = $6 AND lock_token = $7 AND repository = $1
        AND \(unregisteredDefaults(8)) = 0 AND EXISTS (SELECT 1 FROM open_locations o WHERE o.id = $4)
      RETURNING id, location, object_key, multipart_id, tail_key, principal
    ), blob AS (
      INSERT INTO blobs (digest, size)
      SELECT CAST($2 AS TEXT), CAST($3 AS BIGINT)
      WHERE \(unregisteredDefaults(8)) = 0
        AND EXISTS (SELECT 1 FROM open_locations o WHERE o.id = $4) AND ($6 IS NULL OR EXISTS (SELECT 1 FROM session))
      ON CONFLICT (digest) DO UPDATE SET size = blobs.size RETURNING id, size
    ), fitting AS (
      SELECT id, size FROM blob WHERE size = CAST($3 AS BIGINT)
    ), placed AS (
      INSERT INTO placements (blob, location, object_key) SELECT id, $4, $5 FROM fitting
      ON CONFLICT (blob, location) DO UPDATE SET \(Self.keepVerifiedPlacement) RETURNING object_key, replaced_key
    ), linked AS (
      INSERT INTO repository_blobs (repository, blob, leased_until)
      SELECT CAST($1 AS BIGINT), id, now_ms() + CAST($9 AS BIGINT) FROM fitting
      ON CONFLICT (repository, blob) DO UPDATE SET leased_until = \(Self.laterLease)
    ), finished AS (
      INSERT INTO finished_uploads (id, repository, principal, blob, expires_at)
      SELECT session.id, CAST($1 AS BIGINT), session.principal, fitting.id, now_ms() + CAST($9 AS BIGINT)
      FROM session CROSS JOIN fitting
    ), arrived AS (
      UPDATE jobs SET state = 'done', done_at = now_ms(), last_error = NULL
      WHERE target = $4 AND blob IN (SELECT id FROM fitting) AND state IN ('queued', 'parked', 'source_lost')
    ), opened AS (
      \(Self.openJobs(selecting: """
        SELECT fitting.id, required.location, CAST($10 AS SMALLINT), fitting.size, r.namespace
        FROM fitting CROSS JOIN repositories r
        \(dialect.forEach) \(requiredLocations(of: "r.namespace", defaults: 8)) required
        WHERE r.id = $1 AND required.location <> $4
          AND \(Self.lacksPlacement(blob: "fitting.id", location: "required.location"))
        ORDER BY required.location
        """))
    ), surplus AS (
      INSERT INTO object_deletions (location, object_key, not_before, reason)
      SELECT CAST($4 AS TEXT), CAST($5 AS TEXT), now_ms() + CAST($11 AS BIGINT), 'surplus copy' FROM placed
      WHERE placed.object_key <> $5
      UNION ALL
      SELECT CAST($4 AS TEXT), placed.replaced_key, now_ms() + CAST($11 AS BIGINT), 'replaced copy' FROM placed
      WHERE placed.replaced_key IS NOT NULL AND placed.replaced_key <> $5
      ON CONFLICT (location, object_key, multipart_id) DO NOTHING
    ), \(Self.residue(of: "session", keeping: 5, grace: 11))
    SELECT blob.id, blob.size, placed.object_key, opened.id, opened.target, opened.lane
    FROM blob LEFT JOIN placed ON TRUE LEFT JOIN opened ON TRUE ORDER BY opened.target
    """
  }

  /// A value: how many of the default locations bound as parameter `parameter` were never registered. A copy there could
  /// not be ordered, so a push must not succeed without it (I5).
  private func unregisteredDefaults(_ parameter: Int) -> String {
    """
    (SELECT count(*) FROM \(dialect.rows("item", .texts("id", parameter)))
      WHERE NOT EXISTS (SELECT 1 FROM locations l WHERE l.id = item.id))
    """
  }

  /// Why a commit has found nothing to commit.
  private func refusal(of commit: BlobCommit) async throws(CatalogError) -> CatalogError.Conflict {
    let states = Dictionary(try await locations()) { first, _ in first }
    guard let state = states[commit.location], commit.defaultLocations.allSatisfy({ states[$0] != nil }) else {
      return .locationUnknown
    }
    return state == .removed ? .locationClosed : .uploadLockLost
  }

  /// In an upsert of a placement: a verified one stays as it is, a quarantined one gives way and its key is remembered.
  ///
  /// The key comes from the row as it is when it is changed: what the statement could have read of it before might be
  /// from before a quarantine, and the replaced object would leak.
  static let keepVerifiedPlacement = """
    object_key = CASE placements.state WHEN 'verified' THEN placements.object_key ELSE excluded.object_key END,
      verified_at = CASE placements.state WHEN 'verified' THEN placements.verified_at ELSE excluded.verified_at END,
      replaced_key = CASE placements.state WHEN 'quarantined' THEN placements.object_key END,
      state = 'verified', reason = NULL
    """
}
