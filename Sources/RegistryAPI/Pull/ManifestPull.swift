import HTTPTypes
import NIOCore
import Shared

/// Answers GET and HEAD of a manifest with the exact bytes it was pushed as, whatever `Accept` says (wire check 14).
struct ManifestPull: Sendable {
  let services: RegistryServices

  /// Answers the request. A tag is looked up freshly (I1); what it points to, and digests, come from the cache where
  /// that is allowed (D4).
  func answer(_ request: RegistryRequest, repository: RepositoryName, reference: Reference) async throws -> Answer {
    let manifest = try await manifest(reference, in: repository)
    if EntityTag.matches(request.headers[.ifNoneMatch], manifest.entityTag) {
      var fields = manifest.fields
      fields[.contentLength] = nil
      return Answer(.notModified, fields: fields)
    }
    return Answer(.ok, fields: manifest.fields, body: request.isHead ? .none : .bytes(manifest.bytes))
  }

  private func manifest(_ reference: Reference, in repository: RepositoryName) async throws -> CachedManifest {
    if case .digest(let digest) = reference, let cached = services.manifests.fresh(digest, in: repository) {
      services.metrics.lookedUp(.manifests, isHit: true)
      return cached
    }
    let found = try await known(services.catalog.manifestDigest(reference, in: repository), repository, reference)
    let cached = services.manifests.confirm(found.digest, in: repository)
    services.metrics.lookedUp(.manifests, isHit: cached != nil)
    if let cached { return cached }
    guard let bytes = try await services.catalog.manifestBytes(found.digest, in: repository) else {
      // Deleted between the two questions.
      throw Self.unknown(reference)
    }
    let manifest = CachedManifest(digest: found.digest, mediaType: found.mediaType, bytes: bytes)
    services.manifests.store(manifest, in: repository)
    return manifest
  }

  private func known(
    _ lookup: ManifestLookup, _ repository: RepositoryName, _ reference: Reference
  ) throws(OCIFailure) -> StoredManifest {
    switch lookup {
    case .repositoryUnknown: throw OCIFailure(.nameUnknown, "repository unknown", detail: repository.description)
    case .manifestUnknown: throw Self.unknown(reference)
    case .found(let manifest): return manifest
    }
  }

  private static func unknown(_ reference: Reference) -> OCIFailure {
    OCIFailure(.manifestUnknown, "manifest unknown", detail: reference.description)
  }
}
