/// The statement of a fair claim, in the words of a dialect.
///
/// Parameters: lease token (1), lease in milliseconds (2), worker (3), and from there on those of `due`.
///
/// A statement whose cost does not depend on how much is queued: every part walks an index and stops as soon as it has
/// enough. Jobs that wait for another try are kept apart (`is_delayed`), so neither they nor the namespaces that have
/// nothing else stand in anybody's way. Rows that another claim is taking are passed over, never waited for.
struct ClaimStatement {
  let dialect: SQLDialect
  /// The newest version of a job that may be claimed (I14).
  let knownVersion: Int
  /// Rescues after which a job whose lease expires again is parked.
  let maximumRescues: Int

  /// Leases those of the jobs with the given numbers that are due or whose lease has expired; parameter: numbers (4).
  func claimingNumbers() -> String {
    """
    WITH due AS (
      SELECT j.id, j.state, j.worker, j.rescues, 0 AS number, 0 AS round FROM jobs j
      WHERE j.id IN (SELECT item.id FROM \(dialect.rows("item", .integers("id", 4))))
        AND j.version <= \(knownVersion)
        AND ((j.state = 'queued' AND j.not_before <= now_ms()) OR (j.state = 'leased' AND j.leased_until <= now_ms()))
      ORDER BY j.id \(dialect.skippingLocked("j"))
    ), promoted AS (SELECT id FROM due WHERE 1 = 0), \(claiming)
    """
  }

  /// Leases the best due jobs of one target and class; `planned` is at least the limit that is bound.
  ///
  /// Parameters: target (4), whether large (5), the namespace served last (6), grace (7), limit (8), how many of those
  /// are for whoever waits longest (9), how long counts as long (10).
  func claimingDue(planned: Int) -> String {
    """
    WITH RECURSIVE expired AS (
      SELECT * FROM (
        SELECT j.id, j.state, j.worker, j.rescues FROM jobs j
        WHERE \(ofTarget) AND j.state = 'leased' AND j.leased_until <= now_ms() AND j.version <= \(knownVersion)
        ORDER BY j.leased_until, j.id LIMIT \(planned) \(dialect.skippingLocked("j"))
      ) candidate LIMIT $8
    ), aged AS (
      SELECT * FROM (
        SELECT j.id FROM jobs j WHERE \(isDue) AND j.not_before <= now_ms() - CAST($10 AS BIGINT)
        ORDER BY j.not_before, j.id LIMIT \(planned) \(dialect.skippingLocked("j"))
      ) candidate
      LIMIT (SELECT CASE WHEN CAST($9 AS BIGINT) < $8 - count(*) THEN CAST($9 AS BIGINT) ELSE $8 - count(*) END FROM expired)
    ), \(turns(planned: planned)), lined AS (
      SELECT place.number, place.lane,
        row_number() OVER (PARTITION BY place.number ORDER BY candidate.size, candidate.id) AS round
      FROM place \(dialect.forEach) (
        SELECT * FROM (
          SELECT j.id, j.size FROM jobs j
          WHERE \(isDue) AND j.lane = place.lane AND j.namespace = place.namespace
          ORDER BY j.size, j.id LIMIT \(planned)
        ) first LIMIT \(planned) + 1 - place.beside
      ) candidate
    ), share AS (
      SELECT number, count(*) AS jobs FROM (
        SELECT number FROM lined ORDER BY lane, round, number
        LIMIT (SELECT $8 - (SELECT count(*) FROM expired) - (SELECT count(*) FROM aged))
      ) served GROUP BY number
    ), waiting AS (
      SELECT candidate.id, place.number,
        row_number() OVER (PARTITION BY place.number ORDER BY candidate.size, candidate.id) AS round
      FROM place JOIN share ON share.number = place.number \(dialect.forEach) (
        SELECT * FROM (
          SELECT j.id, j.size FROM jobs j
          WHERE \(isDue) AND j.lane = place.lane AND j.namespace = place.namespace
          ORDER BY j.size, j.id LIMIT \(planned) \(dialect.skippingLocked("j"))
        ) first LIMIT share.jobs
      ) candidate
    ), \(promotion(planned: planned)), due AS (
      SELECT id, max(state) AS state, max(worker) AS worker, max(rescues) AS rescues, max(number) AS number,
        max(round) AS round
      FROM (
        SELECT id, state, worker, rescues, 0 AS number, 0 AS round FROM expired
        UNION ALL SELECT id, 'queued', NULL, 0, 0, 0 FROM aged
        UNION ALL SELECT id, 'queued', NULL, 0, number, round FROM waiting
      ) candidate GROUP BY id
    ), \(claiming)
    """
  }

  private var ofTarget: String { "j.target = $4 AND j.is_large = CAST($5 AS SMALLINT)" }

  private var isDue: String {
    """
    \(ofTarget) AND j.state = 'queued' AND j.is_delayed = 0 AND j.not_before <= now_ms() - CAST($7 AS BIGINT)
      AND j.version <= \(knownVersion)
    """
  }

  /// Which namespaces' turn it is, in order: `place` (number, lane, namespace), as many as may be needed,
  /// with the number of places `beside` it in its lane, itself included.
  ///
  /// Each lane is walked twice: from after the namespace served last to the end, then from the beginning up to that
  /// one. A place is such a walk's digit (twice the lane, plus one for the second walk) followed by the namespace; the
  /// next one is found by one step in the index, however many jobs a namespace has.
  private func turns(planned: Int) -> String {
    let steps =
      [
        step(
          "substr(turn.place, 1, 1)", when: "substr(turn.place, 1, 1) IN ('0', '2', '4')", lane: lane(of: "turn.place"),
          bounds: "j.namespace > substr(turn.place, 2)"),
        step(
          "substr(turn.place, 1, 1)", when: "substr(turn.place, 1, 1) IN ('1', '3', '5')", lane: lane(of: "turn.place"),
          bounds: "j.namespace > substr(turn.place, 2) AND j.namespace <= $6"),
      ]
      + (0..<6).map { walk in
        step(
          "'\(walk)'", when: "turn.place < '\(walk)'", lane: "\(walk / 2)",
          bounds: walk.isMultiple(of: 2) ? "j.namespace > $6" : "j.namespace <= $6")
      }
    return """
      turn (place, number) AS (
        SELECT \(dialect.bytewise("CAST('' AS TEXT)")), 0
        UNION ALL
        SELECT COALESCE(\(steps.joined(separator: ", "))), turn.number + 1
        FROM turn WHERE turn.place IS NOT NULL AND turn.number < \(planned)
      ), place AS (
        SELECT number, \(lane(of: "place")) AS lane, substr(place, 2) AS namespace,
          count(*) OVER (PARTITION BY \(lane(of: "place"))) AS beside
        FROM turn WHERE number > 0 AND place IS NOT NULL
      )
      """
  }

  private func lane(of place: String) -> String { "CAST('0' || substr(\(place), 1, 1) AS INTEGER) / 2" }

  private func step(_ digit: String, when condition: String, lane: String, bounds: String) -> String {
    """
    (SELECT \(digit) || j.namespace FROM jobs j
      WHERE \(condition) AND \(isDue) AND j.lane = \(lane) AND \(bounds) ORDER BY j.namespace LIMIT 1)
    """
  }

  /// Puts jobs whose next try has come back in line; they can be claimed by the next statement, in their order.
  private func promotion(planned: Int) -> String {
    """
    ripe AS (
      SELECT candidate.id FROM (VALUES (0), (1), (2)) AS lanes (lane) \(dialect.forEach) (
        SELECT j.id FROM jobs j
        WHERE \(ofTarget) AND j.state = 'queued' AND j.is_delayed = 1 AND j.lane = lanes.lane AND j.not_before <= now_ms()
        ORDER BY j.not_before, j.id LIMIT \(max(256, 4 * planned)) \(dialect.skippingLocked("j"))
      ) candidate
    ), promoted AS (
      UPDATE jobs SET is_delayed = 0 WHERE id IN (SELECT id FROM ripe) RETURNING id
    )
    """
  }

  /// Leases the rows of `due`, tells the history whose lease had expired, and reads what a worker needs.
  ///
  /// A job that took too many workers with it is parked instead. Placements are looked up as "not quarantined" so that
  /// only the primary key can answer: the planner might take an index of all verified ones while it has no statistics.
  private var claiming: String {
    """
    taken AS (
      SELECT due.*, CASE due.state WHEN 'leased' THEN 1 ELSE 0 END AS is_rescue,
        CASE WHEN due.state = 'leased' AND due.rescues >= \(maximumRescues) THEN 1 ELSE 0 END AS is_poison
      FROM due
    ), claimed AS (
      UPDATE jobs SET state = CASE taken.is_poison WHEN 1 THEN 'parked' ELSE 'leased' END,
        lease_token = CASE taken.is_poison WHEN 0 THEN CAST($1 AS TEXT) END,
        leased_until = CASE taken.is_poison WHEN 0 THEN now_ms() + CAST($2 AS BIGINT) END,
        worker = CASE taken.is_poison WHEN 0 THEN CAST($3 AS TEXT) END,
        rescues = jobs.rescues + taken.is_rescue - taken.is_poison, is_delayed = 0,
        last_error = CASE taken.is_poison WHEN 1 THEN \(poisonText) ELSE jobs.last_error END
      FROM taken WHERE jobs.id = taken.id
      RETURNING jobs.id, jobs.blob, jobs.target, jobs.lane, jobs.size, jobs.attempts, jobs.rescues, jobs.created_at,
        jobs.namespace, jobs.state, taken.number, taken.round
    ), recorded AS (
      INSERT INTO job_attempts (job, worker, outcome, error)
      SELECT taken.id, taken.worker, CASE taken.is_poison WHEN 1 THEN 'parked' ELSE 'rescued' END,
        CASE taken.is_poison WHEN 1 THEN \(poisonText) ELSE 'the worker went silent and its lease ran out' END
      FROM taken WHERE taken.is_rescue = 1
    )
    SELECT (SELECT count(*) FROM promoted), c.id, c.target, c.lane, c.blob, b.digest, c.size, c.attempts, c.rescues,
      c.created_at, c.namespace, c.round, p.location, p.object_key, p.state
    FROM (SELECT 1) AS one LEFT JOIN claimed c ON c.state = 'leased' LEFT JOIN blobs b ON b.id = c.blob
    LEFT JOIN placements p ON p.blob = c.blob AND p.state <> 'quarantined'
    ORDER BY c.lane, c.round, c.number, c.size, c.id, p.location
    """
  }

  private var poisonText: String {
    """
    'parked: ' || CAST(taken.rescues + 1 AS TEXT) || ' workers went silent in a row while they held this job, the last ' \
    || taken.worker || '; none had made progress. See that worker''s log, then use the command retry'
    """
  }
}
