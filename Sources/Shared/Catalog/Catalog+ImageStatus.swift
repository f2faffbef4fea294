package import SharedModel
import SharedQueue

/// Status of images: what they consist of, where that is, and since when they can be read (G12).
extension Catalog {
  /// The status of what a tag or digest names, an index with everything below it; nil where there is no such image.
  ///
  /// Three round trips, which may see a push between them.
  package func imageStatus(
    _ reference: Reference, in repository: RepositoryName
  ) async throws(CatalogError) -> ImageStatus? {
    guard let digest = try await digest(of: reference, in: repository) else { return nil }
    let rows = try await survey(
      """
      WITH RECURSIVE tree (manifest) AS (\(StatusScope.tree))
      SELECT m.media_type, m.created_at, (SELECT count(*) FROM tree),
        (SELECT \(dialect.lines("t.name")) FROM (
          SELECT name FROM tags WHERE repository = m.repository AND manifest = m.id ORDER BY name LIMIT 100) t),
        a.location, a.readable_at
      FROM manifests m JOIN repositories r ON r.id = m.repository LEFT JOIN image_arrivals a ON a.manifest = m.id
      WHERE r.name = $1 AND m.digest = $2 ORDER BY a.location
      """, [.text(repository.description), .text(digest.description)])
    guard let first = rows.first else { return nil }
    let status = try await status(of: .image(repository, digest))
    var arrivals: [ImageArrival] = []
    for row in rows where try !row.isNull(4) {
      arrivals.append(ImageArrival(location: try row.location(4), readableAtMs: try row.optionalInteger(5)))
    }
    return ImageStatus(
      digest: digest, mediaType: try first.text(0), pushedAtMs: try first.integer(1), manifests: try first.integer(2),
      tags: try Self.tags(first.optionalText(3)), status: status, arrivals: arrivals)
  }

  /// Up to `limit` tags after `after`, which need not exist, with where their images can be read; nil where the
  /// repository is unknown.
  package func taggedImages(
    in repository: RepositoryName, after: String? = nil, limit: Int
  ) async throws(CatalogError) -> [TaggedImage]? {
    let rows = try await survey(
      """
      SELECT page.name, m.digest, m.media_type, page.updated_at, a.location, a.readable_at
      FROM repositories r LEFT JOIN (
        SELECT t.repository, t.name, t.manifest, t.updated_at FROM tags t
        WHERE t.repository = (SELECT id FROM repositories WHERE name = $1) AND t.name > $2
        ORDER BY t.name LIMIT \(Self.plannedLimit(limit))
      ) page ON page.repository = r.id
      LEFT JOIN manifests m ON m.id = page.manifest LEFT JOIN image_arrivals a ON a.manifest = m.id
      WHERE r.name = $1 ORDER BY page.name, a.location
      """, [.text(repository.description), .text(after ?? "")])
    if rows.isEmpty { return nil }
    var images: [TaggedImage] = []
    var at = rows.startIndex
    while at < rows.endIndex, images.count < limit, try !rows[at].isNull(0) {
      let row = rows[at]
      let tag = try row.tag(0)
      var arrivals: [ImageArrival] = []
      while at < rows.endIndex, try rows[at].text(0) == tag.description {
        if try !rows[at].isNull(4) {
          arrivals.append(
            ImageArrival(location: try rows[at].location(4), readableAtMs: try rows[at].optionalInteger(5)))
        }
        at += 1
      }
      images.append(
        TaggedImage(
          tag: tag, digest: try row.digest(1), mediaType: try row.text(2), updatedAtMs: try row.integer(3),
          arrivals: arrivals))
    }
    return images
  }

  /// Up to `limit` blobs of `scope` after `after`, ordered by digest, each with what is known of it at every location.
  package func blobCopies(
    of scope: StatusScope, after: Digest? = nil, limit: Int
  ) async throws(CatalogError) -> [BlobCopies] {
    let rows = try await survey(
      """
      WITH RECURSIVE \(scope.clauses), page AS (
        SELECT b.id, b.digest, b.size FROM scope JOIN blobs b ON b.id = scope.blob
        WHERE b.digest > $3 ORDER BY b.digest LIMIT \(Self.plannedLimit(limit))
      )
      SELECT b.digest, b.size, l.id, p.state, p.verified_at, p.reason, \(Self.jobColumns)
      FROM page b CROSS JOIN locations l
      LEFT JOIN placements p ON p.blob = b.id AND p.location = l.id
      LEFT JOIN jobs j ON j.blob = b.id AND j.target = l.id AND j.state <> 'done'
      WHERE l.state <> 'removed' OR p.blob IS NOT NULL
      ORDER BY b.digest, l.id
      """, scope.parameters + [.text(after?.description ?? "")])
    var blobs: [BlobCopies] = []
    var at = rows.startIndex
    while at < rows.endIndex, blobs.count < limit {
      let row = rows[at]
      let digest = try row.digest(0)
      var copies: [BlobCopies.Copy] = []
      while at < rows.endIndex, try rows[at].text(0) == digest.description {
        copies.append(try Self.copy(rows[at]))
        at += 1
      }
      blobs.append(BlobCopies(digest: digest, sizeBytes: try row.integer(1), copies: copies))
    }
    return blobs
  }

  /// What a tag or a digest names in that repository, or nil.
  private func digest(
    of reference: Reference, in repository: RepositoryName
  ) async throws(CatalogError) -> Digest? {
    switch reference {
    case .digest(let digest): return digest
    case .tag(let tag):
      let rows = try await survey(
        """
        SELECT m.digest FROM repositories r JOIN tags t ON t.repository = r.id JOIN manifests m ON m.id = t.manifest
        WHERE r.name = $1 AND t.name = $2
        """, [.text(repository.description), .text(tag.description)])
      return try rows.first?.digest(0)
    }
  }

  private static func copy(_ row: SQLRow) throws(CatalogError) -> BlobCopies.Copy {
    var state: Placement.State?
    if let text = try row.optionalText(3) {
      guard let known = Placement.State(rawValue: text) else {
        throw .invalidRow(detail: "an unknown placement state")
      }
      state = known
    }
    return BlobCopies.Copy(
      location: try row.location(2), state: state, verifiedAtMs: try row.optionalInteger(4),
      reason: try row.optionalText(5), job: try row.isNull(6) ? nil : try jobRecord(row, from: 6))
  }

  /// Tags from lines in no particular order, which no tag can contain.
  static func tags(_ lines: String?) throws(CatalogError) -> [TagName] {
    guard let lines else { return [] }
    var tags: [TagName] = []
    for line in lines.split(separator: "\n").sorted() {
      do { tags.append(try TagName(parsing: line)) } catch { throw .invalidRow(detail: error.description) }
    }
    return tags
  }
}
