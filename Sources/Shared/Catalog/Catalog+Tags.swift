package import SharedModel

/// Tags, in bytewise order.
extension Catalog {
  /// Up to `limit` tags after `after`, which need not exist; nil where the repository is unknown.
  ///
  /// Pages taken one after another miss no tag that was there all the time, and repeat none. A second round trip is
  /// made only for an empty page.
  package func tags(
    in repository: RepositoryName, after: String? = nil, limit: Int
  ) async throws(CatalogError) -> [TagName]? {
    let rows = try await read(
      """
      SELECT name FROM tags WHERE repository = (SELECT id FROM repositories WHERE name = $1) AND name > $2
      ORDER BY name LIMIT $3
      """,
      [.text(repository.description), .text(after ?? ""), .integer(Int64(max(0, limit)))], .whilePrimaryIsAway)
    if rows.isEmpty, try await self.repository(repository) == nil { return nil }
    return try rows.map { (row) throws(CatalogError) in
      try row.tag(0)
    }
  }

  /// Deletes a tag; the manifest stays. False where there was none.
  package func deleteTag(_ tag: TagName, in repository: RepositoryName) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      DELETE FROM tags WHERE name = $2
        AND repository = (SELECT id FROM repositories WHERE name = $1) RETURNING name
      """,
      [.text(repository.description), .text(tag.description)])
    return !rows.isEmpty
  }
}
