package import SharedModel

/// What is at a location and on its way there, as counted along with every change.
package struct LocationCounts: Sendable, Hashable {
  /// Verified copies.
  package var blobs: Int64 = 0
  package var bytes: Int64 = 0
  package var quarantined: Int64 = 0
  /// Jobs waiting or at work.
  package var pending: Int64 = 0
  package var pendingBytes: Int64 = 0
  package var parked: Int64 = 0
  package var sourceLost: Int64 = 0

  /// Nothing.
  package init() {}
}

extension Catalog {
  /// The counts of every location that has any; read from running sums, so quick at any size.
  package func locationCounts() async throws(CatalogError) -> [LocationID: LocationCounts] {
    let rows = try await read(
      """
      SELECT t.location, t.kind, CAST(sum(t.objects) AS BIGINT), CAST(sum(t.bytes) AS BIGINT) FROM (
        SELECT location, kind, objects, bytes FROM tallies
        UNION ALL SELECT location, kind, objects, bytes FROM tally_deltas
      ) t GROUP BY t.location, t.kind
      """, [])
    var counts: [LocationID: LocationCounts] = [:]
    for row in rows {
      let (objects, bytes) = (try row.integer(2), try row.integer(3))
      var location = counts[try row.location(0)] ?? LocationCounts()
      switch try row.text(1) {
      case "verified": (location.blobs, location.bytes) = (objects, bytes)
      case "quarantined": location.quarantined = objects
      case "parked": location.parked = objects
      case "source_lost": location.sourceLost = objects
      case let kind where kind.hasPrefix("open."):
        location.pending += objects
        location.pendingBytes &+= bytes
      default: continue
      }
      counts[try row.location(0)] = location
    }
    return counts
  }
}
