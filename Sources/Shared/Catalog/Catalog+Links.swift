package import SharedModel
package import SharedQueue

/// What a repository may refer to.
extension Catalog {
  /// Links a blob of one repository in another one, which is made where there was none (cross-repository mount).
  ///
  /// Opens the jobs that the new namespace needs and the old one did not (I5, G9); `defaultLocations` are those of the
  /// configuration. Nil where the source repository does not link the blob, or where no good copy of it is left: the
  /// client then uploads it, which heals. The link is kept from garbage collection for `linkLease` (I7).
  package func linkBlob(
    _ digest: Digest, from source: RepositoryName, to target: RepositoryName, linkLease: Duration,
    defaultLocations: [LocationID] = [], lane: Lane = .normal
  ) async throws(CatalogError) -> LinkedBlob? {
    let rows = try await write(
      linkStatement(),
      [
        .text(source.description), .text(digest.description), .text(target.description), .text(target.namespace),
        .milliseconds(linkLease), .texts(defaultLocations.map(\.description)), .integer(lane.rank),
      ])
    var blob: [SQLRow] = []
    var jobs: [JobAnnouncement] = []
    for row in rows {
      if try row.isNull(3) { jobs.append(try row.announcement(from: 0)) } else { blob.append(row) }
    }
    return blob.isEmpty ? nil : LinkedBlob(blob: try Self.blobRecord(blob), jobs: jobs)
  }

  /// Answers a row for each good copy, then one for each job opened: its id, target and lane, and no location.
  private func linkStatement() -> String {
    """
    WITH \(openLocations()), source AS (
      SELECT b.id, b.digest, b.size FROM repositories r
      JOIN repository_blobs l ON l.repository = r.id
      JOIN blobs b ON b.id = l.blob
      WHERE r.name = $1 AND b.digest = $2
        AND EXISTS (SELECT 1 FROM placements p WHERE p.blob = b.id AND p.state = 'verified')
      \(dialect.keepingRows("l"))
    ), target AS (
      INSERT INTO repositories (name, namespace)
      SELECT CAST($3 AS TEXT), CAST($4 AS TEXT) WHERE EXISTS (SELECT 1 FROM source)
      ON CONFLICT (name) DO UPDATE SET namespace = excluded.namespace RETURNING id
    ), linked AS (
      INSERT INTO repository_blobs (repository, blob, leased_until)
      SELECT target.id, source.id, now_ms() + $5 FROM source CROSS JOIN target
      ON CONFLICT (repository, blob) DO UPDATE SET leased_until = \(Self.laterLease)
      RETURNING blob
    ), opened AS (
      \(Self.openJobs(selecting: """
        SELECT source.id, required.location, CAST($7 AS SMALLINT), source.size, CAST($4 AS TEXT)
        FROM source JOIN linked ON linked.blob = source.id
        CROSS JOIN \(requiredLocations(of: "$4", defaults: 6)) required
        WHERE \(Self.lacksPlacement(blob: "source.id", location: "required.location")) ORDER BY required.location
        """))
    )
    SELECT source.id, source.digest, source.size, p.location, p.object_key, p.state
    FROM source JOIN linked ON linked.blob = source.id
    JOIN placements p ON p.blob = source.id AND p.state = 'verified'
    UNION ALL
    SELECT opened.id, opened.target, opened.lane, NULL, NULL, NULL FROM opened
    ORDER BY 4
    """
  }

  /// Keeps garbage collection away from a linked blob for `linkLease` from now; false where it is not linked.
  ///
  /// To be called when a pushing client is told that the blob is here and will therefore not send it (R7 of the
  /// reliability rules).
  package func renewLink(
    _ digest: Digest, in repository: RepositoryName, linkLease: Duration
  ) async throws(CatalogError) -> Bool {
    let rows = try await write(
      """
      UPDATE repository_blobs SET leased_until =
        CASE WHEN leased_until > now_ms() + $3 THEN leased_until ELSE now_ms() + $3 END
      WHERE repository = (SELECT id FROM repositories WHERE name = $1)
        AND blob = (SELECT id FROM blobs WHERE digest = $2)
      RETURNING blob
      """,
      [.text(repository.description), .text(digest.description), .milliseconds(linkLease)])
    return !rows.isEmpty
  }

  /// Takes a blob out of one repository, unless a manifest there refers to it; other repositories keep it.
  package func unlinkBlob(
    _ digest: Digest, in repository: RepositoryName
  ) async throws(CatalogError) -> UnlinkBlobOutcome {
    do {
      let rows = try await write(
        """
        DELETE FROM repository_blobs
        WHERE repository = (SELECT id FROM repositories WHERE name = $1)
          AND blob = (SELECT id FROM blobs WHERE digest = $2)
        RETURNING blob
        """,
        [.text(repository.description), .text(digest.description)])
      database.forgetAnswers(about: digest.description)
      return rows.isEmpty ? .unknown : .unlinked
    } catch .conflict(.constraint(let name)) where name.hasPrefix("manifest_blobs") {
      return .referenced
    }
  }

  /// In an upsert of a link: the later of the two leases.
  static let laterLease = """
    CASE WHEN repository_blobs.leased_until > excluded.leased_until
      THEN repository_blobs.leased_until ELSE excluded.leased_until END
    """
}

/// What a mount has made durable.
package struct LinkedBlob: Sendable, Hashable {
  package let blob: BlobRecord
  /// The jobs to be announced, after the answer if need be.
  package let jobs: [JobAnnouncement]
}

/// What became of a request to take a blob out of a repository.
package enum UnlinkBlobOutcome: Sendable, Hashable {
  case unlinked
  /// The repository has no such blob.
  case unknown
  /// A manifest of the repository refers to it (I4).
  case referenced
}
