import Postgres
package import Shared

/// Whole images, as a push in the us region would leave them, and their copies.
extension CatalogFixture {
  /// Pushes an image of a config (`<name> config`) and layers (`<name> layer` unless given); its digest is that of `name`.
  @discardableResult
  package func pushImage(_ name: String, tags: [String], layers: [String]? = nil) async throws -> Digest {
    let blobs = ["\(name) config"] + (layers ?? ["\(name) layer"])
    for blob in blobs { try await push(blob) }
    return try await put(name, tags: tags, blobs: blobs.map(link), children: [])
  }

  /// Pushes an index of images pushed before; its digest is that of `name`.
  @discardableResult
  package func pushIndex(_ name: String, of images: [String], tags: [String]) async throws -> Digest {
    try await put(name, tags: tags, blobs: [], children: images.map(link))
  }

  /// Places everything that is queued for `location`, except the blob whose text is given.
  package func copy(to location: LocationID, except text: String? = nil) async throws {
    let left = text.map { digest($0).description } ?? ""
    try await execute(
      """
      INSERT INTO placements (blob, location, object_key)
      SELECT j.blob, j.target, 'registry/copies/' || j.id FROM jobs j JOIN blobs b ON b.id = j.blob
      WHERE j.target = '\(location)' AND j.state = 'queued' AND b.digest <> '\(left)'
      """)
    try await execute(
      """
      UPDATE jobs SET state = 'done', done_at = now_ms() WHERE target = '\(location)' AND state = 'queued'
        AND EXISTS (SELECT 1 FROM placements p WHERE p.blob = jobs.blob AND p.location = jobs.target)
      """)
  }

  /// The images a look at awaited arrivals finds, in order; nobody is told.
  package func arrived(_ candidates: ArrivalCandidates, at location: LocationID) async throws -> [Digest] {
    try await catalog.noteArrivals(candidates, at: location, limit: 100) { _ in [] }.arrived.map(\.digest)
  }

  /// Runs a statement without parameters.
  package func execute(_ sql: String) async throws { _ = try await client.query(sql) }

  private func put(
    _ name: String, tags: [String], blobs: [ManifestRecord.Link], children: [ManifestRecord.Link]
  ) async throws -> Digest {
    let record = ManifestRecord(
      digest: digest(name), mediaType: "application/vnd.oci.image.manifest.v1+json", bytes: Array(name.utf8),
      blobs: blobs, children: children)
    let outcome = try await catalog.putManifest(
      record, tags: try tags.map { try TagName(parsing: $0) }, in: repository)
    guard outcome == .stored else { throw ManifestRefused(outcome: outcome) }
    return record.digest
  }
}

/// A manifest of a test was not stored.
package struct ManifestRefused: Error {
  package let outcome: PutManifestOutcome
}
