import HTTPTypes
import Shared

/// Answers which blobs of an image are where, an index with everything below it, a page of blobs at a time.
struct ImageAnswer: Sendable {
  let services: RegistryServices

  /// Answers the request; `after` is the last digest seen.
  func answer(
    _ request: RegistryRequest, repository: RepositoryName, reference: Reference
  ) async throws -> Answer {
    let page = try AdminPage(request.query)
    let after = try page.after.map { text throws(ModelError) in try Digest(parsing: text) }
    guard let image = try await services.catalog.imageStatus(reference, in: repository) else {
      throw OCIFailure.nothingToSee
    }
    let found = try await services.catalog.blobCopies(
      of: .image(repository, image.digest), after: after, limit: page.size + 1)
    let blobs = Array(found.prefix(page.size))
    let writer = StatusJSON(services, for: request.principal)
    var json = JSONText()
    json.object {
      $0.member("repository", repository.description)
      $0.member("digest", image.digest.description)
      $0.member("media_type", image.mediaType)
      $0.member("pushed_at", time: image.pushedAtMs)
      $0.array("tags", strings: image.tags.map(\.description))
      $0.member("manifests", image.manifests)
      writer.scope(image.status, &$0) { json, share in
        json.member("readable", image.isReadable(at: share.location))
        json.member("readable_since", time: image.readableSinceMs(at: share.location))
      }
      $0.array("blobs", blobs) { json, blob in json.object { writer.blob(blob, &$0) } }
    }
    var answer = Answer.json(.ok, json.bytes)
    if found.count > page.size, let last = blobs.last {
      // By digest, so that the pages belong together when a tag moves meanwhile.
      answer.fields[.link] = page.next(
        path: "\(AdminRoute.root)/repositories/\(repository)/images/\(image.digest)", last: last.digest.description)
    }
    return answer
  }
}
