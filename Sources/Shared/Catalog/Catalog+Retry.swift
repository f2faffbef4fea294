package import SharedModel
package import SharedQueue

/// How an operator sends jobs on again.
extension Catalog {
  /// Queues up to `limit` jobs afresh, due now, with no failure and no rescue counted, and returns them.
  ///
  /// `parked` and `sourceLost` mean jobs in these states, `queued` those that wait after a failure; other states are
  /// passed over. All targets where `target` is nil. Jobs taken here are in none of these sets any more: call again
  /// until nothing comes back. What they failed of stays readable until they succeed.
  package func retryJobs(
    target: LocationID?, states: [JobState], limit: Int
  ) async throws(CatalogError) -> [JobAnnouncement] {
    var announcements: [JobAnnouncement] = []
    for state in JobState.allCases where states.contains(state) && announcements.count < limit {
      guard let condition = Self.needsRetry(state) else { continue }
      let missing = limit - announcements.count
      announcements += try await write(
        """
        WITH chosen AS (
          SELECT id FROM (
            SELECT j.id FROM jobs j WHERE \(condition) AND (CAST($1 AS TEXT) IS NULL OR j.target = $1)
            ORDER BY j.target, j.id LIMIT \(Self.plannedLimit(missing)) \(dialect.skippingLocked("j"))
          ) candidate LIMIT $2
        )
        UPDATE jobs SET state = 'queued', attempts = 0, rescues = 0, not_before = now_ms(), is_delayed = 0
        WHERE id IN (SELECT id FROM chosen) RETURNING id, target, lane
        """, [.text(target?.description), .integer(Int64(missing))]
      ).announcements()
    }
    return announcements
  }

  private static func needsRetry(_ state: JobState) -> String? {
    switch state {
    case .parked: "j.state IN ('parked', 'source_lost') AND j.state = 'parked'"
    case .sourceLost: "j.state IN ('parked', 'source_lost') AND j.state = 'source_lost'"
    case .queued: "j.state IN ('queued', 'leased') AND j.attempts > 0 AND j.state = 'queued'"
    case .leased, .done: nil
    }
  }
}
