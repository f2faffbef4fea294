import HTTPTypes
import Shared

/// Answers which blobs have exactly one verified copy, oldest first: what the loss of its location would lose.
struct AtRiskAnswer: Sendable {
  let services: RegistryServices

  /// Answers the request; of one `location` if given.
  func answer(_ request: RegistryRequest) async throws -> Answer {
    let page = try AdminPage(request.query)
    let after = try page.afterNumber().map { BlobID(rawValue: $0) }
    let location = try JobsAnswer.location(request.query["location"])
    let found = try await services.catalog.atRiskBlobs(after: after, location: location, limit: page.size + 1)
    let blobs = Array(found.prefix(page.size))
    var json = JSONText()
    json.object {
      $0.array("blobs", blobs) { json, blob in
        json.object {
          $0.member("digest", blob.digest.description)
          $0.member("bytes", blob.sizeBytes)
          $0.member("location", blob.location.description)
          $0.member("created_at", time: blob.createdAtMs)
        }
      }
    }
    var answer = Answer.json(.ok, json.bytes)
    if found.count > page.size, let last = blobs.last {
      answer.fields[.link] = page.next(
        path: "\(AdminRoute.root)/at-risk", last: last.blob.description, and: [("location", location?.description)])
    }
    return answer
  }
}
