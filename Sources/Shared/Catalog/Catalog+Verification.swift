package import SharedModel
package import SharedQueue

/// Which copies are to be looked at next, and that they were found good.
extension Catalog {
  /// Up to `limit` good copies at a location that were verified to this depth longest ago, at least `age` ago and before
  /// the round began, after `position`, and the position after each.
  package func copiesToVerify(
    at location: LocationID, _ depth: VerificationDepth, olderThan age: Duration, roundBeganAtMs: Int64,
    after position: VerificationPosition, limit: Int
  ) async throws(CatalogError) -> [(copy: PlacedBlob, position: VerificationPosition)] {
    let column = Self.column(of: depth)
    let rows = try await read(
      """
      SELECT b.id, b.digest, b.size, p.location, p.object_key, p.state, p.\(column) FROM (
        SELECT * FROM placements WHERE location = $1 AND state = 'verified'
          AND (\(column), blob) > (CAST($2 AS BIGINT), CAST($3 AS BIGINT))
          AND \(column) <= now_ms() - CAST($4 AS BIGINT) AND \(column) <= CAST($6 AS BIGINT)
        ORDER BY \(column), blob LIMIT \(Self.plannedLimit(limit))
      ) p JOIN blobs b ON b.id = p.blob ORDER BY p.\(column), p.blob LIMIT $5
      """,
      [
        .text(location.description), .integer(position.verifiedAtMs), .integer(position.blob.rawValue),
        .milliseconds(age), .integer(Int64(limit)), .integer(roundBeganAtMs),
      ])
    return try rows.map { (row) throws(CatalogError) in
      let copy = try Self.placedBlob(row)
      return (copy, VerificationPosition(verifiedAtMs: try row.integer(6), blob: copy.blob))
    }
  }

  /// Notes that these copies were found good just now; one whose key has changed meanwhile is left as it is.
  ///
  /// Whoever has hashed the bytes has seen that they are there.
  package func recordVerified(_ copies: [PlacedBlob], _ depth: VerificationDepth) async throws(CatalogError) {
    guard !copies.isEmpty else { return }
    let sorted = copies.sorted { ($0.blob, $0.placement.location) < ($1.blob, $1.placement.location) }
    let times = depth == .content ? "verified_at = now_ms(), checked_at = now_ms()" : "checked_at = now_ms()"
    let items = dialect.rows("item", .integers("blob", 1), .texts("location", 2), .texts("object_key", 3))
    _ = try await write(
      """
      UPDATE placements SET \(times) FROM (
        SELECT p.blob, p.location FROM \(items) JOIN placements p ON p.blob = item.blob
          AND p.location = item.location AND p.object_key = item.object_key
        WHERE p.state = 'verified' ORDER BY p.blob, p.location \(dialect.guardingRows("p"))
      ) good WHERE placements.blob = good.blob AND placements.location = good.location
      """,
      [
        .integers(sorted.map(\.blob.rawValue)), .texts(sorted.map(\.placement.location.description)),
        .texts(sorted.map(\.placement.key.description)),
      ])
  }

  /// Up to `count` good copies at a location, picked at random over all there are; the same one may come twice.
  ///
  /// Whoever suspects that a store has lost everything asks for these.
  package func sampleCopies(at location: LocationID, count: Int) async throws(CatalogError) -> [PlacedBlob] {
    let ends = try await read("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM blobs", [])
    guard let row = ends.first, count > 0 else { return [] }
    let (first, last) = (try row.integer(0), try row.integer(1))
    guard first <= last else { return [] }
    let starts = (0..<count).map { _ in Int64.random(in: first...last) }
    let rows = try await read(
      """
      SELECT b.id, b.digest, b.size, found.location, found.object_key, found.state
      FROM \(dialect.rows("start", .integers("id", 2))) \(dialect.forEach) (
        SELECT p.blob, p.location, p.object_key, p.state FROM placements p
        WHERE p.blob >= start.id AND p.location = $1 AND p.state = 'verified' ORDER BY p.blob LIMIT 1
      ) found JOIN blobs b ON b.id = found.blob
      """, [.text(location.description), .integers(starts)])
    return try rows.map { (row) throws(CatalogError) in try Self.placedBlob(row) }
  }

  /// Up to `limit` good copies of a scope after the one of `blob` at `location`, ordered by blob and location.
  package func copies(
    in scope: VerificationScope, after blob: BlobID, _ location: LocationID?, limit: Int
  ) async throws(CatalogError) -> [PlacedBlob] {
    let planned = Self.plannedLimit(limit)
    let (rows, conditions, parameters) = Self.source(of: scope)
    let first = parameters.count + 1
    // Said of the links as well: else the database looks at those before the page, one after another.
    let linksToo = scope.repository == nil ? "" : "AND l.blob >= CAST($\(first) AS BIGINT)"
    let found = try await read(
      """
      SELECT b.id, b.digest, b.size, p.location, p.object_key, p.state FROM (
        SELECT p.* FROM \(rows)
        WHERE (p.blob, p.location) > (CAST($\(first) AS BIGINT), CAST($\(first + 1) AS TEXT)) AND \(conditions)
          \(linksToo)
        ORDER BY p.blob, p.location LIMIT \(planned)
      ) p JOIN blobs b ON b.id = p.blob ORDER BY p.blob, p.location
      """, parameters + [.integer(blob.rawValue), .text(location?.description ?? "")])
    return try found.map { (row) throws(CatalogError) in try Self.placedBlob(row) }
  }

  /// How many good copies a scope has, and their bytes.
  package func copyTotals(in scope: VerificationScope) async throws(CatalogError) -> (copies: Int64, bytes: Int64) {
    let (rows, conditions, parameters) = Self.source(of: scope)
    let totals = try await read(
      """
      SELECT count(*), CAST(coalesce(sum(b.size), 0) AS BIGINT)
      FROM (SELECT p.blob FROM \(rows) WHERE \(conditions)) p JOIN blobs b ON b.id = p.blob
      """, parameters)
    guard let row = totals.first else { return (0, 0) }
    return (try row.integer(0), try row.integer(1))
  }

  /// How long ago the copies at a location were verified that were so longest ago; nil where there are none.
  package func verificationAge(
    at location: LocationID, _ depth: VerificationDepth
  ) async throws(CatalogError) -> Duration? {
    let column = Self.column(of: depth)
    let rows = try await read(
      """
      SELECT now_ms() - \(column) FROM placements WHERE location = $1 AND state = 'verified'
      ORDER BY \(column), blob LIMIT 1
      """, [.text(location.description)])
    return try rows.first.map { (row) throws(CatalogError) in .milliseconds(try row.integer(0)) }
  }

  /// Placements `p` and what narrows them to a scope. A repository is read from its links, a digest from its blob, so that
  /// a page costs what it holds and not what the whole registry does.
  private static func source(
    of scope: VerificationScope
  ) -> (rows: String, conditions: String, parameters: [SQLValue]) {
    var rows = "placements p"
    var conditions = ["p.state = 'verified'"]
    var parameters: [SQLValue] = []
    if let location = scope.location {
      parameters.append(.text(location.description))
      conditions.append("p.location = $\(parameters.count)")
    }
    if let repository = scope.repository {
      parameters.append(.text(repository.description))
      rows = "repository_blobs l JOIN placements p ON p.blob = l.blob"
      conditions.append("l.repository = (SELECT id FROM repositories WHERE name = $\(parameters.count))")
    }
    if let digest = scope.digest {
      parameters.append(.text(digest.description))
      conditions.append("p.blob = (SELECT id FROM blobs WHERE digest = $\(parameters.count))")
    }
    return (rows, conditions.joined(separator: " AND "), parameters)
  }

  private static func column(of depth: VerificationDepth) -> String {
    switch depth {
    case .presence: "checked_at"
    case .content: "verified_at"
    }
  }

  /// Reads blob, digest, size, and the placement in three columns.
  static func placedBlob(_ row: SQLRow) throws(CatalogError) -> PlacedBlob {
    guard let placement = try row.placement(from: 3) else { throw .invalidRow(detail: "a copy without a placement") }
    return PlacedBlob(
      blob: BlobID(rawValue: try row.integer(0)), digest: try row.digest(1), sizeBytes: try row.integer(2),
      placement: placement)
  }
}
