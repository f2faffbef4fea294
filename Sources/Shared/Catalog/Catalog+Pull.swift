package import SharedModel
package import SharedQueue

/// The questions of a pull; each is one round trip on the pipelined read path (D4), and has an answer while the primary is
/// away, where a replica or this process knows one (decision 0008).
extension Catalog {
  /// The blob and its verified placements, where it is linked in exactly that repository.
  package func blob(
    _ digest: Digest, in repository: RepositoryName
  ) async throws(CatalogError) -> BlobLookup {
    let rows = try await read(
      """
      SELECT b.id, b.digest, b.size, p.location, p.object_key, p.state
      FROM repositories r
      LEFT JOIN blobs b ON b.digest = $2
        AND EXISTS (SELECT 1 FROM repository_blobs l WHERE l.repository = r.id AND l.blob = b.id)
      LEFT JOIN placements p ON p.blob = b.id AND p.state = 'verified'
      WHERE r.name = $1 ORDER BY p.location
      """,
      [.text(repository.description), .text(digest.description)], .namedByDigest,
      // A blob without a copy is not worth much: the primary may know one.
      isFound: { rows in rows.contains { $0.hasValue(0) && $0.hasValue(3) } })
    guard let first = rows.first else { return .repositoryUnknown }
    if try first.isNull(0) { return .blobUnknown }
    return .found(try Self.blobRecord(rows))
  }

  /// The manifest with its bytes, by digest or by tag.
  package func manifest(
    _ reference: Reference, in repository: RepositoryName
  ) async throws(CatalogError) -> ManifestLookup {
    try await lookUp(reference, in: repository, columns: "m.digest, m.media_type, m.size, m.bytes")
  }

  /// The manifest without its bytes, by digest or by tag; the bytes come from a cache or `manifestBytes`.
  package func manifestDigest(
    _ reference: Reference, in repository: RepositoryName
  ) async throws(CatalogError) -> ManifestLookup {
    try await lookUp(reference, in: repository, columns: "m.digest, m.media_type, m.size")
  }

  /// The exact bytes of a manifest, or nil where that repository has no such manifest.
  package func manifestBytes(
    _ digest: Digest, in repository: RepositoryName
  ) async throws(CatalogError) -> [UInt8]? {
    let rows = try await read(
      """
      SELECT m.bytes FROM manifests m JOIN repositories r ON r.id = m.repository
      WHERE r.name = $1 AND m.digest = $2
      """,
      [.text(repository.description), .text(digest.description)], .namedByDigest, isFound: { !$0.isEmpty })
    return try rows.first?.bytes(0)
  }

  /// All placements of these blobs, the quarantined ones too, ordered by location; a blob without any is absent.
  package func placements(of blobs: [BlobID]) async throws(CatalogError) -> [BlobID: [Placement]] {
    let rows = try await read(
      """
      SELECT p.blob, p.location, p.object_key, p.state FROM placements p
      WHERE p.blob IN (SELECT item.id FROM \(dialect.rows("item", .integers("id", 1)))) ORDER BY p.blob, p.location
      """,
      [.integers(blobs.map(\.rawValue))])
    var result: [BlobID: [Placement]] = [:]
    for row in rows {
      guard let placement = try row.placement(from: 1) else { continue }
      result[BlobID(rawValue: try row.integer(0)), default: []].append(placement)
    }
    return result
  }

  private func lookUp(
    _ reference: Reference, in repository: RepositoryName, columns: String
  ) async throws(CatalogError) -> ManifestLookup {
    let (join, tolerance): (String, ReadTolerance) =
      switch reference {
      case .digest: ("LEFT JOIN manifests m ON m.repository = r.id AND m.digest = $2", .namedByDigest)
      case .tag:
        (
          "LEFT JOIN tags t ON t.repository = r.id AND t.name = $2 LEFT JOIN manifests m ON m.id = t.manifest",
          .whilePrimaryIsAway
        )
      }
    let rows = try await read(
      "SELECT \(columns) FROM repositories r \(join) WHERE r.name = $1",
      [.text(repository.description), .text(reference.description)], tolerance,
      isFound: { $0.first?.hasValue(0) ?? false })
    guard let row = rows.first else { return .repositoryUnknown }
    if try row.isNull(0) { return .manifestUnknown }
    return .found(
      StoredManifest(
        digest: try row.digest(0), mediaType: try row.text(1), sizeBytes: try row.integer(2),
        bytes: columns.hasSuffix("bytes") ? try row.bytes(3) : nil))
  }

  /// One blob from rows of id, digest, size and a placement each.
  static func blobRecord(_ rows: [SQLRow]) throws(CatalogError) -> BlobRecord {
    guard let first = rows.first else { throw .invalidRow(detail: "no row of a blob") }
    var placements: [Placement] = []
    for row in rows {
      if let placement = try row.placement(from: 3) { placements.append(placement) }
    }
    return BlobRecord(
      id: BlobID(rawValue: try first.integer(0)), digest: try first.digest(1), sizeBytes: try first.integer(2),
      placements: placements)
  }
}
