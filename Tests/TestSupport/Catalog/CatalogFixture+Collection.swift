import Postgres
package import Shared

/// What tests of collection need.
extension CatalogFixture {
  /// A manifest of that name (its bytes) that refers to pushed texts and to manifests of those names.
  package func manifest(
    _ name: String, blobs: [String], children: [String] = [], subject: String? = nil
  ) -> ManifestRecord {
    ManifestRecord(
      digest: digest(name), mediaType: "application/vnd.oci.image.manifest.v1+json", bytes: Array(name.utf8),
      artifactType: subject == nil ? nil : "application/example", subject: subject.map(digest),
      blobs: blobs.map(link), children: children.map(link))
  }

  /// Lets the leases of links pass: of the blobs with these texts, or all.
  package func expireLinks(of texts: [String]? = nil) async throws {
    let wanted = texts.map { texts in
      "WHERE blob IN (SELECT id FROM blobs WHERE digest IN ("
        + texts.map { "'\(digest($0))'" }.joined(separator: ",") + "))"
    }
    _ = try await client.query("UPDATE repository_blobs SET leased_until = 0 \(wanted ?? "")")
  }

  /// One whole round of collection in one step each.
  package func collect(grace: Duration = .zero) async throws {
    _ = try await catalog.collectLinks(after: .start, limit: 10_000)
    _ = try await catalog.collectBlobs(after: BlobID(rawValue: 0), limit: 10_000, grace: grace)
  }

  /// The digests of all blobs.
  package func digests() async throws -> Set<Digest> {
    Set(try await texts("SELECT digest FROM blobs").map { try Digest(parsing: $0) })
  }

  /// Waits until so many statements of this database wait for somebody's lock.
  package func waitUntilBlocked(_ count: Int64 = 1) async {
    // A wait that never ends is seen by what the test expects afterwards.
    try? await untilTrue {
      try await number(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
        """) >= count
    }
  }
}
