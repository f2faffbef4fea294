import HTTPTypes
import Shared

/// Answers what is where of a repository, with a page of its tags and where their images can be read.
struct RepositoryAnswer: Sendable {
  let services: RegistryServices

  /// Answers the request.
  func answer(_ request: RegistryRequest, repository: RepositoryName) async throws -> Answer {
    let page = try AdminPage(request.query)
    let catalog = services.catalog
    guard let found = try await catalog.taggedImages(in: repository, after: page.after, limit: page.size + 1) else {
      throw OCIFailure.nothingToSee
    }
    let status = try await catalog.status(of: .repository(repository))
    let failures = try await catalog.jobs(
      .failing, of: .repository(repository), limit: NamespaceAnswer.shownFailures)
    let images = Array(found.prefix(page.size))
    let writer = StatusJSON(services, for: request.principal)
    var json = JSONText()
    json.object {
      $0.member("repository", repository.description)
      writer.scope(status, &$0)
      $0.array("failures", failures) { json, job in json.object { writer.job(job, &$0) } }
      $0.array("images", images) { json, image in
        json.object {
          $0.member("tag", image.tag.description)
          $0.member("digest", image.digest.description)
          $0.member("media_type", image.mediaType)
          $0.member("updated_at", time: image.updatedAtMs)
          writer.arrivals(image.arrivals, &$0)
        }
      }
    }
    var answer = Answer.json(.ok, json.bytes)
    if found.count > page.size, let last = images.last {
      answer.fields[.link] = page.next(
        path: "\(AdminRoute.root)/repositories/\(repository)", last: last.tag.description)
    }
    return answer
  }
}
