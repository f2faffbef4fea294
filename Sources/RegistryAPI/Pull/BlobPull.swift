import HTTPTypes
import Logging
import NIOCore
import Shared

/// Answers GET and HEAD of a blob.
struct BlobPull: Sendable {
  let services: RegistryServices

  /// Answers the request; the catalog decides what is linked in this repository (security rule 8).
  ///
  /// HEAD is always answered here; GET is a redirect to the nearest copy, or its bytes (G7).
  func answer(_ request: RegistryRequest, repository: RepositoryName, digest: Digest) async throws -> Answer {
    let blob: BlobRecord
    switch try await services.catalog.blob(digest, in: repository) {
    case .repositoryUnknown: throw OCIFailure(.nameUnknown, "repository unknown", detail: repository.description)
    case .blobUnknown: throw OCIFailure(.blobUnknown, "blob unknown", detail: digest.description)
    case .found(let found): blob = found
    }
    let fields = Self.fields(of: digest)
    if request.isHead {
      guard try await canBeReliedUpon(blob, in: repository, by: request.principal) else {
        throw OCIFailure(.blobUnknown, "blob unknown", detail: digest.description)
      }
      var fields = fields
      fields[.contentLength] = String(blob.sizeBytes)
      return Answer(.ok, fields: fields)
    }
    if EntityTag.matches(request.headers[.ifNoneMatch], "\"\(digest)\"") { return Answer(.notModified, fields: fields) }
    let unhealthy = services.health.unusable(blob.placements.map(\.location), for: .reading)
    let policy = PlacementPolicy(preference: services.settings.preference, unhealthy: unhealthy)
    let route = ReadRoute(
      blob.placements, policy: policy, redirectAllowed: !services.settings.proxyStorage, at: { $0.location })
    let range = try Self.range(request.headers[.range], of: blob)
    if route.mode == .redirect, range.mayBeRedirected, let best = route.candidates.first,
      let answer = try redirect(to: best, digest: digest), await services.watched.gate.allows(best, of: blob)
    {
      services.urgent?.served(blob, from: best.location)
      services.metrics.pulled(from: best.location, .redirect, isNearest: isNearest(best, of: blob))
      services.copyWatch.samples.remember(best, digest: blob.digest, sizeBytes: blob.sizeBytes)
      return answer
    }
    return try await proxy(blob, route.candidates, part: range.part, fields: fields)
  }

  /// Whether no location before it in the order of preference has a copy.
  private func isNearest(_ placement: Placement, of blob: BlobRecord) -> Bool {
    let held = Set(blob.placements.map(\.location))
    return services.settings.preference.first(where: held.contains) ?? placement.location == placement.location
  }

  /// A 307 to a URL that is good for this object and a few minutes only (security rule 22), or nil where the store of the
  /// copy cannot be reached by clients.
  private func redirect(to placement: Placement, digest: Digest) throws -> Answer? {
    guard let store = services.stores[placement.location],
      let url = try store.presignedGet(placement.key, lifetime: services.settings.presignLifetime)
    else { return nil }
    var fields = HTTPFields()
    fields[.location] = url
    fields[.cacheControl] = "no-store"
    fields[.dockerContentDigest] = digest.description
    fields[.referrerPolicy] = "no-referrer"
    return Answer(.temporaryRedirect, fields: fields)
  }

  /// The bytes through here: the first copy that begins to answer is sent, and others go on where it fails (G5).
  private func proxy(
    _ blob: BlobRecord, _ candidates: [Placement], part: ByteRange?, fields: HTTPFields
  ) async throws -> Answer {
    var fields = fields
    if let part { fields[.contentRange] = "bytes \(part)/\(blob.sizeBytes)" }
    let status = part == nil ? HTTPResponse.Status.ok : .partialContent
    let watch = services.copyWatch
    let opening = CopyOpening(stores: services.stores, sizeBytes: blob.sizeBytes)
    var candidates = candidates
    while true {
      let opened: CopyOpening.Opened
      do throws(StorageError) {
        opened = try await opening.open(candidates, range: part) { failed in watch.note(failed, of: blob) }
      } catch {
        if case .cancelled = error { throw error }
        throw OCIFailure.unavailable(
          "no copy of the blob can be read at the moment", retryAfter: error.retryAfter, cause: error.description)
      }
      services.urgent?.served(blob, from: opened.placement.location)
      services.metrics.pulled(
        from: opened.placement.location, .bytes, isNearest: isNearest(opened.placement, of: blob))
      guard part == nil, let whole = opened.whole else {
        let body = FailoverBody(
          blob: blob, part: part, opened: opened, candidates: candidates, opening: opening, watch: watch)
        return Answer(status, fields: fields, body: .blob(body))
      }
      // All of it has come: a wrong copy is found out before anything is said to the client.
      guard Digest(of: whole, algorithm: blob.digest.algorithm) == blob.digest else {
        watch.wrongBytes(blob, from: [opened.placement.location])
        candidates.removeAll { $0 == opened.placement }
        continue
      }
      watch.rightBytes(blob, from: [opened.placement.location])
      return Answer(status, fields: fields, body: .bytes(ByteBuffer(bytes: whole)))
    }
  }

  /// What a `Range` header asks for of the blob; throws 416 with the blob's size where there is nothing to send.
  ///
  /// Stores differ in what they make of several ranges and of malformed ones, so only a header this registry
  /// understands is left to one; others are ignored as RFC 9110 section 14.2 says, and get the whole blob from here.
  /// Whoever resumes a download has most likely been let down by a store already and gets the rest from here as well.
  private static func range(
    _ header: String?, of blob: BlobRecord
  ) throws(OCIFailure) -> (part: ByteRange?, mayBeRedirected: Bool) {
    let request = RangeRequest(header: header)
    switch request.resolve(size: blob.sizeBytes) {
    case .whole: return (nil, header == nil)
    case .part(let part): return (part, !request.isResumption)
    case .unsatisfiable:
      var failure = OCIFailure(.rangeInvalid, "the range is outside of the blob")
      failure.fields[.contentRange] = "bytes */\(blob.sizeBytes)"
      throw failure
    }
  }

  /// Whether a client that may be pushing can leave the blob out because it is here (I7, R7 of the reliability rules).
  ///
  /// A client that is told so does not send the blob, so from this answer on its link is leased like one just pushed. A
  /// link that collection has taken meanwhile, or a blob with no good copy left, is as good as absent: the client then
  /// uploads it, which heals. Whoever may not push changes nothing and is told what is linked. Where the lease cannot be
  /// written the request fails, except where the database takes no writes at all: then nothing is collected either.
  private func canBeReliedUpon(
    _ blob: BlobRecord, in repository: RepositoryName, by principal: Principal
  ) async throws(CatalogError) -> Bool {
    guard principal.allows(.repository(repository, [.push])), services.settings.acceptsPushes else { return true }
    // Copies at stores that do not work are none that this image could be pulled from: the client uploads another one.
    let dead = services.health.unusable(blob.placements.map(\.location), for: .reading)
    guard blob.placements.contains(where: { !dead.contains($0.location) }) else { return false }
    do {
      return try await services.catalog.renewLink(
        blob.digest, in: repository, linkLease: services.settings.linkLease)
    } catch {
      guard case .readOnly = error else { throw error }
      return true
    }
  }

  private static func fields(of digest: Digest) -> HTTPFields {
    var fields = HTTPFields()
    fields.reserveCapacity(10)
    fields[.contentType] = "application/octet-stream"
    fields[.dockerContentDigest] = digest.description
    fields[.acceptRanges] = "bytes"
    fields[.eTag] = "\"\(digest)\""
    fields[.cacheControl] = "private, max-age=31536000, immutable"
    return fields
  }
}

extension RangeRequest {
  /// Whether this is what clients send to go on after a break: everything from an offset (docker, containerd, skopeo).
  fileprivate var isResumption: Bool {
    if case .from(let first, to: nil) = self { first > 0 } else { false }
  }
}
