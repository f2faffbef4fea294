package import SharedModel

/// Which copies a verification is asked for; nil for all.
package struct VerificationScope: Sendable, Hashable {
  package var location: LocationID?
  package var repository: RepositoryName?
  package var digest: Digest?

  /// States a scope.
  package init(location: LocationID? = nil, repository: RepositoryName? = nil, digest: Digest? = nil) {
    self.location = location
    self.repository = repository
    self.digest = digest
  }
}
