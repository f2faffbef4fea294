import SharedModel

/// The lag of replication as a distribution.
extension Catalog {
  /// The lag of the last copies made at every location, ordered by location; one without copies is absent.
  package func lagHistograms() async throws(CatalogError) -> [LagHistogram] {
    let classes = LagHistogram.boundsSeconds.enumerated()
      .map { "WHEN newest.lag <= \($0.element * 1000) THEN \($0.offset)" }.joined(separator: " ")
    let rows = try await survey(
      """
      SELECT l.id, newest.class, count(*) FROM locations l \(dialect.forEach) (
        SELECT CASE \(classes) ELSE \(LagHistogram.boundsSeconds.count) END AS class FROM (
          SELECT j.done_at - j.created_at AS lag FROM jobs j
          WHERE j.target = l.id AND j.state = 'done' AND j.source IS NOT NULL
          ORDER BY j.done_at DESC LIMIT \(LagHistogram.copies)
        ) newest
      ) newest GROUP BY l.id, newest.class ORDER BY l.id, newest.class
      """, [])
    var histograms: [LagHistogram] = []
    for row in rows {
      let location = try row.location(0)
      let before = histograms.last?.location == location ? histograms.removeLast().counts : nil
      var counts = before ?? Array(repeating: 0, count: LagHistogram.boundsSeconds.count + 1)
      let lagClass = try row.count(1)
      guard counts.indices.contains(lagClass) else { throw .invalidRow(detail: "an unknown class of lag") }
      counts[lagClass] = try row.integer(2)
      histograms.append(LagHistogram(location: location, counts: counts))
    }
    return histograms
  }
}
