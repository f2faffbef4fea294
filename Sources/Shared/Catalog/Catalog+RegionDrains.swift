package import SharedModel

/// The operators' orders to send a region no traffic.
extension Catalog {
  /// The drains in force, ordered by region, and the instant of the database's clock they are told for.
  package struct RegionDrains: Sendable, Hashable {
    package let drains: [RegionDrain]
    /// Milliseconds since the epoch.
    package let nowMs: Int64
  }

  /// Orders that the region gets no traffic of that direction, in place of an order it may have; `duration` is how long,
  /// nil for until it is ended.
  ///
  /// `reason` and `by` are cut to 500 and 100 characters of one line each.
  @discardableResult
  package func drainRegion(
    _ region: RegionName, direction: RegionDrain.Direction, reason: String, by: String, for duration: Duration?
  ) async throws(CatalogError) -> RegionDrain {
    let rows = try await write(
      """
      INSERT INTO region_drains AS d (region, direction, reason, drained_by, since, until)
      VALUES ($1, $2, $3, $4, now_ms(), now_ms() + CAST($5 AS BIGINT))
      ON CONFLICT (region) DO UPDATE SET direction = excluded.direction, reason = excluded.reason,
        drained_by = excluded.drained_by, since = excluded.since, until = excluded.until
      RETURNING d.region, d.direction, d.reason, d.drained_by, d.since, d.until
      """,
      [
        .text(region.description), .text(direction.rawValue), .text(Self.line(reason, limit: 500)),
        .text(Self.line(by, limit: 100)), duration.map { .milliseconds(max($0, .zero)) } ?? .null,
      ])
    guard let row = rows.first else { throw .invalidRow(detail: "a drain was not returned") }
    return try Self.drain(row)
  }

  /// Ends the region's drain; returns whether there was one in force.
  @discardableResult
  package func undrainRegion(_ region: RegionName) async throws(CatalogError) -> Bool {
    let rows = try await write(
      "DELETE FROM region_drains WHERE region = $1 RETURNING CASE WHEN until <= now_ms() THEN 0 ELSE 1 END",
      [.text(region.description)])
    return try rows.first?.integer(0) == 1
  }

  /// The drains in force.
  package func regionDrains() async throws(CatalogError) -> RegionDrains {
    let rows = try await read(
      """
      SELECT d.region, d.direction, d.reason, d.drained_by, d.since, d.until, n.now
      FROM (SELECT now_ms() AS now) n LEFT JOIN region_drains d ON d.until IS NULL OR d.until > n.now
      ORDER BY d.region
      """, [])
    guard let first = rows.first else { throw .invalidRow(detail: "the database told no time") }
    var drains: [RegionDrain] = []
    for row in rows where try row.optionalText(0) != nil { drains.append(try Self.drain(row)) }
    return RegionDrains(drains: drains, nowMs: try first.integer(6))
  }

  private static func drain(_ row: SQLRow) throws(CatalogError) -> RegionDrain {
    let text = try row.text(1)
    guard let direction = RegionDrain.Direction(rawValue: text) else {
      throw .invalidRow(detail: "a drain's direction is '\(Excerpt(text))'")
    }
    return RegionDrain(
      region: try row.text(0), direction: direction, reason: try row.text(2), by: try row.text(3),
      sinceMs: try row.integer(4), untilMs: try row.optionalInteger(5))
  }

  /// One line of at most `limit` characters, without what a terminal or a log would act on.
  private static func line(_ text: String, limit: Int) -> String {
    let words = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return String(
      String.UnicodeScalarView(words.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(limit)))
  }
}
