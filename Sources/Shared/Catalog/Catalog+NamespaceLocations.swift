package import SharedModel

/// Where a namespace's blobs must be (G9): the default locations, what the namespace adds, less what it leaves out, of
/// those that are being filled or in use.
extension Catalog {
  /// A WITH clause `open_locations` (column id): the locations that take new copies, kept as they are until the
  /// transaction ends, so that no copy is ordered for one that is being emptied at this moment.
  ///
  /// `others` is a further condition on `l`, for rows to be held and told apart by their state.
  func openLocations(or others: String? = nil) -> String {
    """
    open_locations AS (
      SELECT l.id, l.state FROM locations l WHERE \(Self.isOpen("l"))\(others.map { " OR \($0)" } ?? "")
      ORDER BY l.id \(dialect.sharingRows("l"))
    )
    """
  }

  /// A condition: the location of alias `alias` takes new copies.
  static func isOpen(_ alias: String) -> String { "\(alias).state IN ('joining', 'active')" }

  /// A row source (column location) over `openLocations`: where blobs of `namespace` must be.
  ///
  /// The default locations of the configuration are the list bound as parameter `defaults`.
  func requiredLocations(of namespace: String, defaults: Int) -> String {
    """
    (
      SELECT o.id AS location FROM open_locations o
      LEFT JOIN namespace_locations n ON n.location = o.id AND n.namespace = \(namespace)
      WHERE \(Self.isOpen("o")) AND coalesce(n.is_required,
        CASE WHEN o.id IN (SELECT item.id FROM \(dialect.rows("item", .texts("id", defaults)))) THEN 1 ELSE 0 END) = 1
    )
    """
  }

  /// What a namespace says on its own about locations, ordered by location; empty where the defaults hold for all.
  package func namespaceLocations(_ namespace: String) async throws(CatalogError) -> [NamespaceLocation] {
    try await namespaceLocations("WHERE n.namespace = $1 ORDER BY n.location", [.text(namespace)])
  }

  /// Up to `limit` such rules of all namespaces after a place in their order: namespace, then location.
  package func namespaceLocations(
    after place: (namespace: String, location: String)? = nil, limit: Int
  ) async throws(CatalogError) -> [NamespaceLocation] {
    try await namespaceLocations(
      """
      WHERE (n.namespace, n.location) > (CAST($1 AS TEXT), CAST($2 AS TEXT)) ORDER BY n.namespace, n.location
      LIMIT \(Self.plannedLimit(limit))
      """, [.text(place?.namespace ?? ""), .text(place?.location ?? "")]
    ).prefix(limit).map { $0 }
  }

  /// The namespaces that ask for `location` on their own and have repositories, by name, up to `limit`.
  package func namespacesRequiring(_ location: LocationID, limit: Int) async throws(CatalogError) -> [String] {
    let rows = try await read(
      """
      SELECT n.namespace FROM namespace_locations n
      WHERE n.location = $1 AND n.is_required = 1
        AND EXISTS (SELECT 1 FROM repositories r WHERE r.namespace = n.namespace)
      ORDER BY n.namespace LIMIT \(Self.plannedLimit(limit))
      """, [.text(location.description)])
    return try rows.prefix(limit).map { (row) throws(CatalogError) in try row.text(0) }
  }

  /// Whether any repository is in the namespace.
  package func hasRepositories(inNamespace namespace: String) async throws(CatalogError) -> Bool {
    try await !read("SELECT r.id FROM repositories r WHERE r.namespace = $1 LIMIT 1", [.text(namespace)]).isEmpty
  }

  /// Says that blobs of the namespace must (`true`) or need not (`false`) be at a location, whatever the defaults say;
  /// nil leaves it to the defaults again.
  ///
  /// What a namespace has already is brought there by a walk that is put on record with the change (`sweeps`, one for
  /// the namespace), so that the change is never half done: any worker takes the walk up, or the caller follows it.
  /// Copies that are no longer required stay. Throws `conflict(.locationUnknown)` for a name that was never registered
  /// and `conflict(.locationClosed)` for one that takes no copies where one is asked for.
  package func setNamespaceLocation(
    namespace: String, location: LocationID, required: Bool?
  ) async throws(CatalogError) {
    let rows = try await write(
      """
      WITH place AS (
        SELECT l.id, CASE WHEN \(Self.isOpen("l")) OR $3 IS DISTINCT FROM 1 THEN 1 ELSE 0 END AS fits FROM locations l
        WHERE l.id = $2 \(dialect.sharingRows("l"))
      ), fitting AS (
        SELECT id FROM place WHERE fits = 1
      ), removed AS (
        DELETE FROM namespace_locations WHERE namespace = $1 AND location = $2 AND CAST($3 AS BIGINT) IS NULL
      ), changed AS (
        INSERT INTO namespace_locations (namespace, location, is_required)
        SELECT CAST($1 AS TEXT), id, CAST($3 AS SMALLINT) FROM fitting WHERE CAST($3 AS BIGINT) IS NOT NULL
        ON CONFLICT (namespace, location) DO UPDATE SET
          is_required = excluded.is_required, changed_at = excluded.changed_at
      ), walk AS (
        INSERT INTO sweeps (name, cursor, started_at)
        SELECT CAST($4 AS TEXT), '0', now_ms() FROM fitting WHERE $3 IS DISTINCT FROM 0
        ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, started_at = excluded.started_at,
          progress = '{}', holder = NULL, held_until = NULL
      )
      SELECT fits FROM place
      """,
      [
        .text(namespace), .text(location.description), .integer(required.map { $0 ? 1 : 0 }),
        .text(BackfillScope(namespace: namespace).sweepName),
      ])
    guard let row = rows.first else { throw .conflict(.locationUnknown) }
    guard try row.integer(0) == 1 else { throw .conflict(.locationClosed) }
  }

  private func namespaceLocations(
    _ condition: String, _ parameters: [SQLValue]
  ) async throws(CatalogError) -> [NamespaceLocation] {
    let rows = try await read(
      """
      SELECT n.namespace, n.location, n.is_required, l.state FROM namespace_locations n
      JOIN locations l ON l.id = n.location \(condition)
      """, parameters)
    return try rows.map { (row) throws(CatalogError) in
      NamespaceLocation(
        namespace: try row.text(0), location: try row.location(1), isRequired: try row.integer(2) == 1,
        state: try Self.locationState(row, 3))
    }
  }
}

/// What one namespace says about one location, beyond the defaults.
package struct NamespaceLocation: Sendable, Hashable {
  package let namespace: String
  package let location: LocationID
  /// False: left out although it is a default location.
  package let isRequired: Bool
  package let state: LocationState
}
