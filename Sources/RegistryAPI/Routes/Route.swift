import Shared

/// What a request's path names; the method is judged separately.
enum Route: Sendable, Hashable {
  /// `/v2/`: is this a registry, and may I use it?
  case base
  /// `/v2/auth`: the token endpoint.
  case token
  /// `/v2/_catalog`
  case catalog
  /// `/v2/<name>/manifests/<reference>`
  case manifest(RepositoryName, Reference)
  /// `/v2/<name>/blobs/<digest>`
  case blob(RepositoryName, Digest)
  /// `/v2/<name>/blobs/uploads/`
  case uploads(RepositoryName)
  /// `/v2/<name>/blobs/uploads/<id>`; the id is nil where the text cannot be one of ours, which is answered as unknown.
  case upload(RepositoryName, UploadID?)
  /// `/v2/<name>/tags/list`
  case tags(RepositoryName)
  /// `/v2/<name>/referrers/<digest>`
  case referrers(RepositoryName, Digest)
  /// `/metrics`
  case metrics
  /// Below `/api/v1/replication`: what operators ask.
  case admin(AdminRoute)
}

extension Route {
  /// The repository the route is about, or nil where it is about none.
  var repository: RepositoryName? {
    switch self {
    case .base, .token, .catalog, .metrics, .admin: nil
    case .manifest(let name, _), .blob(let name, _), .uploads(let name), .upload(let name, _), .tags(let name),
      .referrers(let name, _):
      name
    }
  }

  /// The short name of the route for metrics and logs: a fixed set, whatever clients send (security rule 31).
  var kind: RouteKind {
    switch self {
    case .base: .base
    case .token: .token
    case .catalog: .catalog
    case .manifest: .manifest
    case .blob: .blob
    case .uploads: .uploads
    case .upload: .upload
    case .tags: .tags
    case .referrers: .referrers
    case .metrics: .metrics
    case .admin: .admin
    }
  }
}

/// The bounded label set that requests are counted and logged by.
enum RouteKind: String, Sendable, CaseIterable {
  case base, token, catalog, manifest, blob, uploads, upload, tags, referrers, metrics, admin
  /// No route: the path was refused.
  case none
}
