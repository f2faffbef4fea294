package import SharedModel
package import SharedQueue

/// Which of the blobs that readers were served from elsewhere are to be brought to their region.
extension Catalog {
  /// Those of `blobs` that lack a good copy at `location` and are to have one: a job for it is open, or a namespace
  /// that links the blob requires the location (G9).
  ///
  /// `isDefaultLocation` says what holds for namespaces without a word on the location. A job that is parked or has
  /// lost its source is not wanted: it waits for a person, whoever reads. Ordered by id.
  package func blobsWanted(
    at location: LocationID, among blobs: [BlobID], isDefaultLocation: Bool
  ) async throws(CatalogError) -> [BlobID] {
    guard !blobs.isEmpty else { return [] }
    let rows = try await read(
      """
      SELECT wanted.id FROM (
        SELECT item.id, (SELECT j.state FROM jobs j WHERE j.blob = item.id AND j.target = $2) AS state
        FROM \(dialect.rows("item", .integers("id", 1)))
      ) wanted
      WHERE \(Self.lacksPlacement(blob: "wanted.id", location: "$2"))
        AND (wanted.state IN ('queued', 'leased') OR (
          (wanted.state IS NULL OR wanted.state = 'done')
          AND EXISTS (SELECT 1 FROM locations l WHERE l.id = $2 AND l.state IN ('joining', 'active'))
          AND EXISTS (
            SELECT 1 FROM repository_blobs link JOIN repositories r ON r.id = link.repository
            LEFT JOIN namespace_locations n ON n.namespace = r.namespace AND n.location = $2
            WHERE link.blob = wanted.id AND coalesce(n.is_required, CAST($3 AS BIGINT)) = 1)
        ))
      ORDER BY wanted.id
      """,
      [
        .integers(Set(blobs).sorted().map(\.rawValue)), .text(location.description),
        .integer(isDefaultLocation ? 1 : 0),
      ])
    return try rows.map { (row) throws(CatalogError) in BlobID(rawValue: try row.integer(0)) }
  }
}
