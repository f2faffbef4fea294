import HTTPTypes
import Shared

/// Answers `/v2/_catalog`: all repositories, bytewise ordered, for those who may see them all.
struct RepositoryList: Sendable {
  let services: RegistryServices

  /// Answers the request.
  func answer(_ request: RegistryRequest) async throws -> Answer {
    let page = try Page(request.query)
    let found = try await services.catalog.repositories(after: page.after, limit: page.size + 1)
    let names = found.prefix(page.size).map(\.description)
    var json = JSONText()
    json.object { $0.array("repositories", strings: names) }
    var answer = Answer.json(.ok, json.bytes)
    if found.count > page.size, let last = names.last {
      answer.fields[.link] = page.next(path: "/v2/_catalog", last: last)
    }
    return answer
  }
}
