import HTTPTypes
import Logging
import Shared

/// Answers POST to the upload collection: a new session, a whole blob at once, or a mount.
struct UploadStart: Sendable {
  let services: RegistryServices

  /// Answers the request.
  func answer(_ request: RegistryRequest, repository: RepositoryName) async throws -> Answer {
    if let mount = request.query["mount"], let from = request.query["from"],
      let answer = try await self.mount(mount, from: from, into: repository, for: request.principal)
    {
      return answer
    }
    if let text = request.query["digest"] {
      let digest = try UploadParameters.digest(text)
      return try await wholeBlob(request, repository: repository, digest: digest)
    }
    let algorithm = try UploadParameters.algorithm(request.query["digest-algorithm"])
    let id = try await begin(repository, principal: request.principal, algorithm: algorithm)
    return UploadAnswers.progress(.accepted, repository: repository, id: id, offset: 0)
      .recommending(chunkBytes: try services.homeStore().partLimits.minimumPartBytes)
  }

  /// Links a blob the principal may read in another repository; nil means "upload it", whatever the reason was, so that
  /// nothing is learned about that repository (security rule 7, wire checks 80 to 83).
  private func mount(
    _ digest: String, from source: String, into repository: RepositoryName, for principal: Principal
  ) async throws -> Answer? {
    // What is malformed names nothing that could be mounted: the answer is an upload session like any other.
    guard let digest = try? Digest(parsing: digest), let source = try? RepositoryName(parsing: source),
      principal.allows(.repository(source, [.pull])), try await isReadable(digest, in: source),
      let linked = try await services.catalog.linkBlob(
        digest, from: source, to: repository, linkLease: services.settings.linkLease,
        defaultLocations: services.settings.requiredLocations)
    else { return nil }
    services.announcer.announce(linked.jobs)
    return UploadAnswers.created(repository: repository, digest: digest)
  }

  /// Whether a mounted blob could be pulled at the moment, as far as is known; asked for only while a store does not work.
  private func isReadable(_ digest: Digest, in repository: RepositoryName) async throws(CatalogError) -> Bool {
    let dead = services.health.unusable(services.health.locations, for: .reading)
    guard !dead.isEmpty, case .found(let blob) = try await services.catalog.blob(digest, in: repository) else {
      return true
    }
    return blob.placements.contains { !dead.contains($0.location) }
  }

  /// A blob sent with the POST: one streamed PUT without a session where its length is announced, else as a session that
  /// this request begins and ends.
  private func wholeBlob(_ request: RegistryRequest, repository: RepositoryName, digest: Digest) async throws -> Answer
  {
    try request.reader.limit(to: services.settings.maximumLayerBytes)
    let stores = try services.pushStores()
    guard let store = stores.first, let size = request.reader.announcedBytes,
      size <= store.partLimits.maximumSinglePutBytes
    else {
      return try await throughSession(request, repository: repository, digest: digest)
    }
    let repositoryID = try await services.catalog.ensureRepository(repository)
    guard
      let object = try await services.metrics.whileUploading({
        try await WholeObjectWriter(stores: stores, room: services.room).write(request.reader, digest: digest)
      })
    else { return try await throughSession(request, repository: repository, digest: digest) }
    try await BlobCommitter(services: services).commit(object, digest: digest, repository: repositoryID, upload: nil)
    return UploadAnswers.created(repository: repository, digest: digest)
  }

  private func throughSession(
    _ request: RegistryRequest, repository: RepositoryName, digest: Digest
  ) async throws -> Answer {
    let id = try await begin(repository, principal: request.principal, algorithm: digest.algorithm)
    return try await UploadContinuation(services: services).finish(
      request, repository: repository, id: id, digest: digest)
  }

  private func begin(
    _ repository: RepositoryName, principal: Principal, algorithm: DigestAlgorithm
  ) async throws -> UploadID {
    let store = try services.homeStore()
    let repositoryID = try await services.catalog.ensureRepository(repository)
    let id = UploadID()
    let isOpen = try await services.catalog.beginUpload(
      id: id, repository: repositoryID, principal: principal.name, location: store.location,
      key: ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier()),
      hashState: ContentHasher(algorithm: algorithm).savedState(), lifetime: services.settings.uploadLifetime,
      maximumOpen: services.settings.maximumUploadsPerPrincipal)
    guard isOpen else { throw OCIFailure.tooManyUploads }
    services.metrics.upload(.begun)
    return id
  }
}

extension RegistryServices {
  /// The store pushes go to.
  func homeStore() throws(OCIFailure) -> any BlobStore {
    guard let store = try pushStores().first else { throw Self.takesNoPushes }
    return store
  }

  /// The stores a push may go to, best first and at least one.
  func pushStores() throws(OCIFailure) -> [any BlobStore] {
    let found = pushLocation.candidates.compactMap { stores[$0] }
    guard !found.isEmpty else { throw Self.takesNoPushes }
    return found
  }

  /// Where a push may go on of which nothing is stored yet: the stores that work, except `location`; none where pushes
  /// stay where they belong.
  func otherPushStores(than location: LocationID) -> [any BlobStore] {
    guard pushLocation.hasAlternatives else { return [] }
    return pushLocation.candidates.filter { $0 != location }.compactMap { stores[$0] }
  }

  private static var takesNoPushes: OCIFailure {
    .unavailable(
      "the registry takes no pushes at the moment", retryAfter: .seconds(30), cause: "no location takes copies")
  }

  /// The store of a location; a session may be pinned to one this configuration no longer has.
  func store(of location: LocationID) throws(OCIFailure) -> any BlobStore {
    guard let store = stores[location] else {
      throw .unavailable("the storage is unavailable", retryAfter: nil, cause: "location \(location) is not configured")
    }
    return store
  }
}
