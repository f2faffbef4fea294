package import SharedModel

/// Listings the registry offers beside tags: who refers to a manifest, and which repositories there are.
extension Catalog {
  /// Up to `limit` manifests whose subject is `subject`, ordered by digest, after `after`, of one artifact type if given.
  ///
  /// Empty for a subject, or a repository, that does not exist: a referrer may be pushed before its subject
  /// (OCI distribution-spec, "Listing Referrers").
  package func referrers(
    of subject: Digest, in repository: RepositoryName, artifactType: String? = nil, after: Digest? = nil, limit: Int
  ) async throws(CatalogError) -> [ReferrerRecord] {
    let rows = try await read(
      """
      SELECT digest, media_type, size, artifact_type, annotations FROM manifests
      WHERE repository = (SELECT id FROM repositories WHERE name = $1) AND subject_digest = $2
        AND digest > $3 AND (CAST($4 AS TEXT) IS NULL OR artifact_type = $4)
      ORDER BY digest LIMIT $5
      """,
      [
        .text(repository.description), .text(subject.description), .text(after?.description ?? ""),
        .text(artifactType), .integer(Int64(max(0, limit))),
      ], .whilePrimaryIsAway)
    return try rows.map { (row) throws(CatalogError) in
      ReferrerRecord(
        digest: try row.digest(0), mediaType: try row.text(1), sizeBytes: try row.integer(2),
        artifactType: try row.optionalText(3), annotations: try AnnotationText.decode(try row.text(4)))
    }
  }

  /// Up to `limit` repositories after `after`, which need not exist, in bytewise order.
  package func repositories(after: String? = nil, limit: Int) async throws(CatalogError) -> [RepositoryName] {
    let rows = try await read(
      "SELECT name FROM repositories WHERE name > $1 ORDER BY name LIMIT $2",
      [.text(after ?? ""), .integer(Int64(max(0, limit)))], .whilePrimaryIsAway)
    return try rows.map { (row) throws(CatalogError) in
      let text = try row.text(0)
      do {
        return try RepositoryName(parsing: text)
      } catch {
        throw .invalidRow(detail: "\(error)")
      }
    }
  }
}
