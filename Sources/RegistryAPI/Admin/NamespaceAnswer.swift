import HTTPTypes
import Shared

/// Answers what is where of a namespace, with a page of its repositories.
struct NamespaceAnswer: Sendable {
  /// Troubled jobs shown with a status; the whole list is at `/jobs`.
  static let shownFailures = 20

  let services: RegistryServices

  /// Answers the request; a namespace is one that a repository has.
  func answer(_ request: RegistryRequest, namespace: String) async throws -> Answer {
    let page = try AdminPage(request.query)
    let catalog = services.catalog
    guard try await catalog.hasNamespace(namespace) else {
      throw OCIFailure(.nameUnknown, "there is no such namespace", detail: namespace)
    }
    let status = try await catalog.status(of: .namespace(namespace))
    let failures = try await catalog.jobs(.failing, of: .namespace(namespace), limit: Self.shownFailures)
    let found = try await catalog.repositories(ofNamespace: namespace, after: page.after, limit: page.size + 1)
    let names = found.prefix(page.size).map(\.description)
    let writer = StatusJSON(services, for: request.principal)
    var json = JSONText()
    json.object {
      $0.member("namespace", namespace)
      writer.scope(status, &$0)
      $0.array("failures", failures) { json, job in json.object { writer.job(job, &$0) } }
      $0.array("repositories", strings: names)
    }
    var answer = Answer.json(.ok, json.bytes)
    if found.count > page.size, let last = names.last {
      answer.fields[.link] = page.next(path: "\(AdminRoute.root)/namespaces/\(namespace)", last: last)
    }
    return answer
  }
}
