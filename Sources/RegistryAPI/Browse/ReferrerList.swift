import HTTPTypes
import NIOCore
import Shared

/// Answers the list of manifests whose subject is a digest (OCI distribution-spec, "Listing Referrers").
struct ReferrerList: Sendable {
  let services: RegistryServices

  /// Answers the request with an image index, empty for a digest nobody refers to and never 404 (wire check 92).
  func answer(_ request: RegistryRequest, repository: RepositoryName, subject: Digest) async throws -> Answer {
    let page = try Page(request.query)
    let after = try page.after.map { text throws(ModelError) in try Digest(parsing: text) }
    let filter = request.query["artifactType"]
    let found = try await services.catalog.referrers(
      of: subject, in: repository, artifactType: filter, after: after, limit: page.size + 1)
    let referrers = Array(found.prefix(page.size))
    var answer = Answer.json(.ok, Self.index(referrers))
    answer.fields[.contentType] = MediaType.ociIndex.description
    if filter != nil { answer.fields[.ociFiltersApplied] = "artifactType" }
    if found.count > page.size, let last = referrers.last {
      var path = "/v2/\(repository)/referrers/\(subject)"
      path = page.next(path: path, last: last.digest.description, and: filter.map { ("artifactType", $0) })
      answer.fields[.link] = path
    }
    return answer
  }

  private static func index(_ referrers: [ReferrerRecord]) -> [UInt8] {
    var json = JSONText()
    json.object {
      $0.member("schemaVersion", 2)
      $0.member("mediaType", MediaType.ociIndex.description)
      $0.array("manifests", referrers) { json, referrer in
        json.object {
          $0.member("mediaType", referrer.mediaType)
          $0.member("digest", referrer.digest.description)
          $0.member("size", referrer.sizeBytes)
          if let type = referrer.artifactType { $0.member("artifactType", type) }
          if !referrer.annotations.isEmpty {
            $0.member("annotations") { json in
              for (name, value) in referrer.annotations.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
            }
          }
        }
      }
    }
    return json.bytes
  }
}
