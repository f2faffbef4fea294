package import Postgres
package import Shared

/// Ready-made content for tests.
extension CatalogFixture {
  /// A key nobody has used.
  package func freshKey() throws -> ObjectKey {
    try ObjectKey(parsing: "registry/blobs/\(RandomIdentifier().hex)")
  }

  /// Commits a blob as a push in the us region would; its digest is that of `text`.
  @discardableResult
  package func push(
    _ text: String, key: ObjectKey? = nil, location: LocationID? = nil, required: [LocationID]? = nil,
    repository: RepositoryID? = nil, sizeBytes: Int64? = nil, lane: Lane = .normal
  ) async throws -> CommittedBlob {
    try await catalog.commitBlob(
      BlobCommit(
        repository: repository ?? self.repository, digest: digest(text),
        sizeBytes: sizeBytes ?? Int64(text.utf8.count), location: location ?? us, key: key ?? freshKey(),
        defaultLocations: required ?? [us, eu, ap], linkLease: .seconds(3600), lane: lane))
  }

  /// The digest of a text's bytes.
  package func digest(_ text: String) -> Digest { Digest(of: text.utf8) }

  /// The descriptor's part that a manifest record keeps, for a pushed text.
  package func link(_ text: String) -> ManifestRecord.Link {
    ManifestRecord.Link(digest: digest(text), sizeBytes: Int64(text.utf8.count))
  }

  /// Claims due jobs for small blobs, the way a worker does.
  package func claimDue(
    at target: LocationID, limit: Int, olderThan: Duration = .zero, worker: String = "w"
  ) async throws -> [ReplicationJob] {
    try await catalog.claimDueJobs(
      target: target, class: .small, after: "", limit: limit, olderThan: olderThan, worker: worker, lease: .seconds(60)
    ).jobs
  }

  /// A report that the job's copy is at `key`, from the first source.
  package func completion(_ job: ReplicationJob, key: ObjectKey) -> JobCompletion {
    JobCompletion(job: job, key: key, bytesRead: job.sizeBytes, durationMs: 5, source: us)
  }

  /// The first column of the first row as a number.
  package func number(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> Int64 {
    let row = try await client.query(sql, parameters).first
    guard let row, case .int(let number) = try row.value(0) else { return -1 }
    return number
  }

  /// The first column of all rows as texts.
  package func texts(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> [String] {
    try await client.query(sql, parameters).rows.map { row in
      switch try row.value(0) {
      case .text(let text): text
      case .int(let number): String(number)
      default: "?"
      }
    }
  }

  /// Whether a claimed object deletion would name this key, sooner or later.
  package func isOnRecordForDeletion(_ key: ObjectKey) async throws -> Bool {
    try await number("SELECT count(*) FROM object_deletions WHERE object_key = $1", [.text(key.description)]) == 1
  }

  /// Lets every lease of a job run out that is not being reported on at this moment.
  package func expireLeases() async throws {
    _ = try await client.query(
      """
      UPDATE jobs SET leased_until = now_ms() - 1
      WHERE id IN (SELECT id FROM jobs WHERE state = 'leased' FOR UPDATE SKIP LOCKED)
      """)
  }
}

/// Content in numbers, made by the database itself.
extension CatalogFixture {
  /// Makes `blobs` linked blobs of one byte, each with a verified copy at every location of `locations`.
  ///
  /// In steps of some thousand rows, as the registry itself does it: a statement may only take so long, and on a busy machine
  /// one of 200,000 rows with their triggers takes longer.
  package func fill(blobs: Int64, at locations: [LocationID], prefix: String = "bulk") async throws {
    let stepRows: Int64 = 10_000
    var last: Int64 = 0
    while last < blobs {
      let first = last + 1
      last = min(last + stepRows, blobs)
      try await fill(first: first, last: last, at: locations, prefix: prefix)
      // The planner is to know that the tables are empty no more.
      if first == 1 { _ = try await client.query("ANALYZE") }
    }
    _ = try await client.query("ANALYZE")
  }

  private func fill(first: Int64, last: Int64, at locations: [LocationID], prefix: String) async throws {
    let range = "generate_series(CAST($1 AS BIGINT), CAST($2 AS BIGINT)) AS n"
    let digest = "'sha256:' || encode(sha256(convert_to(CAST($3 AS TEXT) || n, 'UTF8')), 'hex')"
    let parameters: [PostgresValue] = [.int(first), .int(last), .text(prefix)]
    _ = try await client.query("INSERT INTO blobs (digest, size) SELECT \(digest), 1 FROM \(range)", parameters)
    _ = try await client.query(
      """
      INSERT INTO repository_blobs (repository, blob, leased_until)
      SELECT CAST($4 AS BIGINT), b.id, 0 FROM blobs b WHERE b.digest IN (SELECT \(digest) FROM \(range))
      """, parameters + [.int(repository.rawValue)])
    for location in locations {
      _ = try await client.query(
        """
        INSERT INTO placements (blob, location, object_key)
        SELECT b.id, $4, 'registry/blobs/' || $4 || '/' || b.id FROM blobs b
        WHERE b.digest IN (SELECT \(digest) FROM \(range))
        """, parameters + [.text(location.description)])
    }
  }
}
