package import SharedModel

/// Manifests and what they refer to.
extension Catalog {
  /// Writes a parsed manifest, its references and its tags; see `putManifest(_:tags:in:)` over a record.
  package func putManifest(
    _ manifest: ParsedManifest, tags: [TagName], in repository: RepositoryID, mayBeSparse: Bool = false
  ) async throws(CatalogError) -> PutManifestOutcome {
    try await putManifest(ManifestRecord(manifest), tags: tags, in: repository, mayBeSparse: mayBeSparse)
  }

  /// Writes a manifest, its references and its tags, all or nothing, provided everything it refers to is linked in
  /// that repository, has a good copy and is of the size stated (I4).
  ///
  /// The links are held against garbage collection from the check to the commit, in the order of their digests. One
  /// statement, one round trip. A manifest that is there already keeps its row and gains the tags. An outcome other
  /// than `stored` names each digest at fault once, in order, and has changed nothing.
  ///
  /// With `mayBeSparse`, an index may list manifests the repository lacks: they are remembered, and become its children
  /// when they come. A child that is there must fit as ever.
  package func putManifest(
    _ manifest: ManifestRecord, tags: [TagName], in repository: RepositoryID, mayBeSparse: Bool = false
  ) async throws(CatalogError) -> PutManifestOutcome {
    let blobs = WantedContent(manifest.blobs)
    let children = WantedContent(manifest.children)
    let contradictions = (blobs.contradictions + children.contradictions).sorted()
    guard contradictions.isEmpty else { return .sizeMismatch(contradictions) }
    let rows = try await write(
      putStatement(mayBeSparse: mayBeSparse),
      [
        .integer(repository.rawValue), .text(manifest.digest.description), .text(manifest.mediaType),
        .text(manifest.artifactType), .text(manifest.subject?.description),
        .text(AnnotationText.encode(manifest.annotations)), .bytes(manifest.bytes),
        .texts(blobs.digests.map(\.description)), .integers(blobs.sizes), .texts(children.digests.map(\.description)),
        .integers(children.sizes), .texts(Set(tags.map(\.description)).sorted()),
        .integer(Int64(manifest.bytes.count)),
        .texts(Set(manifest.optionalBlobs).subtracting(blobs.digests).sorted().map(\.description)),
      ])
    return try PutManifestAnswer(rows).outcome(blobs: blobs.digests, children: children.digests)
  }

  /// Deletes a manifest and with it its tags, unless an index in the repository lists it.
  package func deleteManifest(
    _ digest: Digest, in repository: RepositoryName
  ) async throws(CatalogError) -> DeleteManifestOutcome {
    do {
      let rows = try await write(
        """
        DELETE FROM manifests WHERE digest = $2
          AND repository = (SELECT id FROM repositories WHERE name = $1) RETURNING id
        """,
        [.text(repository.description), .text(digest.description)])
      database.forgetAnswers(about: digest.description)
      return rows.isEmpty ? .unknown : .deleted
    } catch .conflict(.constraint(let name)) where name.hasPrefix("manifest_children") {
      return .referenced
    }
  }

  /// The rows of the answer: one of kind 0 if the manifest was stored, and what of the wanted content is there.
  private func putStatement(mayBeSparse: Bool) -> String {
    let children =
      mayBeSparse
      ? "(SELECT count(*) FROM found_child WHERE fits = 0) = 0"
      : "(SELECT count(*) FROM found_child WHERE fits = 1) = \(dialect.count(of: 10))"
    return """
      WITH found_blob AS (
        SELECT b.id, b.digest, CASE WHEN b.size = wanted.size THEN 1 ELSE 0 END AS fits
        FROM \(dialect.rows("wanted", .texts("digest", 8), .integers("size", 9)))
        JOIN blobs b ON b.digest = wanted.digest
        JOIN repository_blobs l ON l.repository = $1 AND l.blob = b.id
        WHERE EXISTS (SELECT 1 FROM placements p WHERE p.blob = b.id AND p.state = 'verified')
        ORDER BY b.digest \(dialect.keepingRows("l"))
      ), held_blob AS (
        SELECT b.id FROM \(dialect.rows("wanted", .texts("digest", 14))) JOIN blobs b ON b.digest = wanted.digest
        JOIN repository_blobs l ON l.repository = $1 AND l.blob = b.id
        ORDER BY b.digest \(dialect.keepingRows("l"))
      ), found_child AS (
        SELECT m.id, m.digest, CASE WHEN m.size = wanted.size THEN 1 ELSE 0 END AS fits
        FROM \(dialect.rows("wanted", .texts("digest", 10), .integers("size", 11)))
        JOIN manifests m ON m.repository = $1 AND m.digest = wanted.digest
        ORDER BY m.digest \(dialect.keepingRows("m"))
      ), stored AS (
        INSERT INTO manifests (repository, digest, media_type, artifact_type, subject_digest, annotations, bytes, size)
        SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT),
          CAST($6 AS TEXT), CAST($7 AS BYTEA), CAST($13 AS BIGINT)
        WHERE (SELECT count(*) FROM found_blob WHERE fits = 1) = \(dialect.count(of: 8))
          AND \(children)
        ON CONFLICT (repository, digest) DO UPDATE SET media_type = manifests.media_type RETURNING id
      ), blob_links AS (
        INSERT INTO manifest_blobs (manifest, repository, blob)
        SELECT stored.id, CAST($1 AS BIGINT), linked.id
        FROM stored CROSS JOIN (SELECT id FROM found_blob UNION ALL SELECT id FROM held_blob) linked
        ON CONFLICT (manifest, blob) DO NOTHING
      ), child_links AS (
        INSERT INTO manifest_children (manifest, repository, child)
        SELECT stored.id, CAST($1 AS BIGINT), found_child.id FROM stored CROSS JOIN found_child
        ON CONFLICT (manifest, child) DO NOTHING
      ), missing_children AS (
        INSERT INTO manifest_missing_children (manifest, repository, digest, size)
        SELECT stored.id, CAST($1 AS BIGINT), wanted.digest, wanted.size
        FROM stored CROSS JOIN \(dialect.rows("wanted", .texts("digest", 10), .integers("size", 11)))
        WHERE NOT EXISTS (SELECT 1 FROM found_child WHERE found_child.digest = wanted.digest)
        ON CONFLICT (manifest, digest) DO NOTHING
      ), adopted AS (
        INSERT INTO manifest_children (manifest, repository, child)
        SELECT missing.manifest, missing.repository, stored.id
        FROM stored JOIN manifest_missing_children missing ON missing.repository = $1 AND missing.digest = $2
        ON CONFLICT (manifest, child) DO NOTHING
      ), tagged AS (
        INSERT INTO tags (repository, name, manifest)
        SELECT CAST($1 AS BIGINT), tag.name, stored.id FROM stored CROSS JOIN \(dialect.rows("tag", .texts("name", 12)))
        ON CONFLICT (repository, name) DO UPDATE SET manifest = excluded.manifest, updated_at = excluded.updated_at
      )
      SELECT CAST(0 AS BIGINT), CAST(NULL AS TEXT), CAST(1 AS BIGINT) FROM stored
      UNION ALL SELECT 1, digest, fits FROM found_blob
      UNION ALL SELECT 2, digest, fits FROM found_child
      """
  }
}
