package import SharedModel

/// Rounds of verification that operators ask for; the workers of the location take them up.
extension Catalog {
  /// Asks for a round over every copy at a location, however lately each was verified; false where the location was
  /// never registered.
  ///
  /// It is done once a round that begins after now is completed; until then another request changes nothing but the name.
  package func requestVerification(
    at location: LocationID, _ depth: VerificationDepth, by name: String
  ) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      INSERT INTO verification_requests (location, depth, requested_by)
      SELECT l.id, CAST($2 AS TEXT), CAST($3 AS TEXT) FROM locations l WHERE l.id = $1
      ON CONFLICT (location, depth) DO UPDATE SET requested_by = excluded.requested_by,
        requested_at = CASE WHEN verification_requests.done_at IS NULL THEN verification_requests.requested_at
          ELSE excluded.requested_at END,
        done_at = NULL
      RETURNING location
      """, [.text(location.description), .text(depth.rawValue), .text(Self.storable(String(name.prefix(255))))])
    return !rows.isEmpty
  }

  /// The last request for every location and depth, ordered by both.
  package func verificationRequests() async throws(CatalogError) -> [VerificationRequest] {
    let rows = try await survey(
      """
      SELECT v.location, v.depth, v.requested_by, v.requested_at, v.done_at FROM verification_requests v
      ORDER BY v.location, v.depth
      """, [])
    return try rows.map { (row) throws(CatalogError) in
      guard let depth = VerificationDepth(rawValue: try row.text(1)) else {
        throw .invalidRow(detail: "an unknown depth of verification")
      }
      return VerificationRequest(
        location: try row.location(0), depth: depth, requestedBy: try row.text(2), requestedAtMs: try row.integer(3),
        doneAtMs: try row.optionalInteger(4))
    }
  }

  /// Whether a round is asked for at a location and not completed yet.
  package func isVerificationRequested(
    at location: LocationID, _ depth: VerificationDepth
  ) async throws(CatalogError) -> Bool {
    let rows = try await read(
      "SELECT v.location FROM verification_requests v WHERE v.location = $1 AND v.depth = $2 AND v.done_at IS NULL",
      [.text(location.description), .text(depth.rawValue)])
    return !rows.isEmpty
  }

  /// Notes that a whole round was completed; fulfils the request if the round began after it.
  package func fulfilVerification(
    at location: LocationID, _ depth: VerificationDepth, roundBeganAtMs: Int64
  ) async throws(CatalogError) {
    _ = try await write(
      """
      UPDATE verification_requests SET done_at = now_ms()
      WHERE location = $1 AND depth = $2 AND done_at IS NULL AND requested_at <= CAST($3 AS BIGINT)
      """, [.text(location.description), .text(depth.rawValue), .integer(roundBeganAtMs)])
  }
}
