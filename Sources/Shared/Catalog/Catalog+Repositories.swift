package import SharedModel

/// Repositories by name.
extension Catalog {
  /// The repository's number, made now where there was none; a second round trip is needed only to make it.
  package func ensureRepository(_ name: RepositoryName) async throws(CatalogError) -> RepositoryID {
    if let known = try await repository(name) { return known }
    // The update changes nothing; it makes the row of whoever came first visible here.
    let rows = try await write(
      """
      INSERT INTO repositories (name, namespace) VALUES ($1, $2)
      ON CONFLICT (name) DO UPDATE SET namespace = excluded.namespace RETURNING id
      """,
      [.text(name.description), .text(name.namespace)])
    guard let row = rows.first else { throw .invalidRow(detail: "no repository was returned") }
    return RepositoryID(rawValue: try row.integer(0))
  }

  /// The repository's number, or nil where there is none.
  package func repository(_ name: RepositoryName) async throws(CatalogError) -> RepositoryID? {
    let rows = try await read(
      "SELECT id FROM repositories WHERE name = $1", [.text(name.description)], .whilePrimaryIsAway,
      isFound: { !$0.isEmpty })
    guard let row = rows.first else { return nil }
    return RepositoryID(rawValue: try row.integer(0))
  }
}
