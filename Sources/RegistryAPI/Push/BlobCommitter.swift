import Logging
import Shared

/// Turns a stored object into a blob of a repository: the moment after which a push may be acknowledged (I8).
struct BlobCommitter: Sendable {
  let services: RegistryServices

  /// Commits the object in one transaction, then hands the jobs and the surplus to the background.
  ///
  /// Where the commit definitely did not happen and no session holds the object, the object is deleted; else the catalog
  /// is left to tell whether it is needed.
  func commit(
    _ object: FinishedObject, digest: Digest, repository: RepositoryID, upload: BlobCommit.Upload?
  ) async throws {
    let commit = BlobCommit(
      repository: repository, digest: digest, sizeBytes: object.sizeBytes, location: object.location, key: object.key,
      upload: upload, defaultLocations: services.settings.requiredLocations, linkLease: services.settings.linkLease)
    let committed: CommittedBlob
    do throws(CatalogError) {
      committed = try await services.catalog.commitBlob(commit)
    } catch {
      services.deletions.schedule(
        Self.isDefinite(error) && upload == nil ? .object(object.key) : .uncertain(object.key), at: object.location)
      throw error
    }
    services.announcer.announce(committed.jobs)
    if let surplus = committed.supersededKey { services.deletions.schedule(.object(surplus), at: object.location) }
    services.metrics.uploaded(bytes: object.sizeBytes)
  }

  /// Whether the transaction surely did not commit.
  private static func isDefinite(_ error: CatalogError) -> Bool {
    switch error {
    case .outcomeUnknown, .cancelled, .closed: false
    default: true
    }
  }
}
