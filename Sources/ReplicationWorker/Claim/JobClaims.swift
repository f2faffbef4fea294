import Shared

/// Where the jobs of one target are claimed: the database, which alone decides who does what (D1, I9).
protocol JobClaims: Sendable {
  /// Claims up to `limit` due jobs of a class, the best first; turns between namespaces go on after `namespace`.
  func claimDue(_ jobClass: JobClass, after namespace: String, limit: Int) async throws(CatalogError) -> ClaimedJobs
  /// Claims those of the given jobs that are due.
  func claim(_ ids: [JobID]) async throws(CatalogError) -> [ReplicationJob]
}

/// Claims in the catalog on behalf of one worker.
struct CatalogClaims: JobClaims {
  let catalog: Catalog
  let target: LocationID
  let worker: String
  let lease: Duration

  func claimDue(
    _ jobClass: JobClass, after namespace: String, limit: Int
  ) async throws(CatalogError) -> ClaimedJobs {
    // Due is due: the queue may have rung for a row of this very moment, and SKIP LOCKED keeps workers apart.
    try await catalog.claimDueJobs(
      target: target, class: jobClass, after: namespace, limit: limit, olderThan: .zero, worker: worker, lease: lease)
  }

  func claim(_ ids: [JobID]) async throws(CatalogError) -> [ReplicationJob] {
    try await catalog.claimJobs(ids: ids, worker: worker, lease: lease)
  }
}
