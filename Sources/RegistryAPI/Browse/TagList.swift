import HTTPTypes
import Shared

/// Answers the list of a repository's tags, bytewise ordered (wire checks 84 to 91).
struct TagList: Sendable {
  let services: RegistryServices

  /// Answers the request; one tag more than the page is asked for, so that the last page has no `Link`.
  func answer(_ request: RegistryRequest, repository: RepositoryName) async throws -> Answer {
    let page = try Page(request.query)
    guard let found = try await services.catalog.tags(in: repository, after: page.after, limit: page.size + 1) else {
      throw OCIFailure(.nameUnknown, "repository unknown", detail: repository.description)
    }
    let tags = found.prefix(page.size).map(\.description)
    var json = JSONText()
    json.object {
      $0.member("name", repository.description)
      $0.array("tags", strings: tags)
    }
    var answer = Answer.json(.ok, json.bytes)
    if found.count > page.size, let last = tags.last {
      answer.fields[.link] = page.next(path: "/v2/\(repository)/tags/list", last: last)
    }
    return answer
  }
}
