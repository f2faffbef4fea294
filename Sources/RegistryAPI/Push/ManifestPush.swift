import HTTPTypes
import NIOCore
import Shared

/// Answers PUT of a manifest by tag or by digest.
struct ManifestPush: Sendable {
  let services: RegistryServices

  /// Reads, parses strictly and stores the manifest with its tags in one transaction; 201 only then.
  func answer(_ request: RegistryRequest, repository: RepositoryName, reference: Reference) async throws -> Answer {
    let limit = services.settings.maximumManifestBytes
    try request.reader.limit(to: Int64(limit))
    let loaded = try await request.reader.gather(in: services.room)
      .load(sending: services.room.sending, joined: true)
    defer { loaded.release() }
    let bytes = loaded.bytes
    var limits = ManifestLimits.default
    limits.maximumBytes = limit
    var algorithm = DigestAlgorithm.sha256
    if case .digest(let digest) = reference { algorithm = digest.algorithm }
    let manifest = try ParsedManifest(
      bytes: bytes, contentType: request.headers[.contentType], algorithm: algorithm, limits: limits)
    var tags = try request.query.all("tag").map { text throws(ModelError) in try TagName(parsing: text) }
    switch reference {
    case .digest(let digest):
      guard manifest.digest == digest else {
        throw OCIFailure.digestMismatch(expected: digest, actual: manifest.digest)
      }
    case .tag(let tag): tags = [tag]
    }
    let repositoryID = try await services.catalog.ensureRepository(repository)
    try await store(manifest, tags: tags, in: repositoryID)
    services.manifests.store(
      CachedManifest(digest: manifest.digest, mediaType: manifest.mediaType.description, bytes: bytes), in: repository)
    return created(manifest, repository: repository, reference: reference, tags: tags)
  }

  private func store(_ manifest: ParsedManifest, tags: [TagName], in repository: RepositoryID) async throws {
    switch try await services.catalog.putManifest(
      manifest, tags: tags, in: repository, mayBeSparse: services.settings.allowsSparseIndexes)
    {
    case .stored: return
    case .blobsUnknown(let digests), .childrenUnknown(let digests):
      throw OCIFailure(
        .manifestBlobUnknown, "the manifest refers to content this repository does not have",
        details: digests.map(\.description))
    case .sizeMismatch(let digests):
      throw OCIFailure(
        .manifestInvalid, "a descriptor's size is not the size of its content", details: digests.map(\.description))
    }
  }

  private func created(
    _ manifest: ParsedManifest, repository: RepositoryName, reference: Reference, tags: [TagName]
  ) -> Answer {
    var fields = HTTPFields()
    fields[.location] = "/v2/\(repository)/manifests/\(manifest.digest)"
    fields[.dockerContentDigest] = manifest.digest.description
    // Only where the subject is really listed as having a referrer (wire check 27).
    if let subject = manifest.subject { fields[.ociSubject] = subject.digest.description }
    if case .digest = reference {
      for tag in tags { fields.append(HTTPField(name: .ociTag, value: tag.description)) }
    }
    return Answer(.created, fields: fields)
  }
}
