import HTTPTypes
import Shared
import Testing

@testable import RegistryAPI

@Suite("Paths of the status API")
struct AdminPathTests {
  private func name(_ text: String) throws -> RepositoryName { try RepositoryName(parsing: text) }

  @Test("recognises every route, names from right to left")
  func routes() throws {
    let root = AdminRoute.root
    let digest = "sha256:" + String(repeating: "a", count: 64)
    #expect(try RoutePath.parse("\(root)/locations") == .admin(.locations))
    #expect(try RoutePath.parse("\(root)/namespaces/team") == .admin(.namespace("team")))
    #expect(try RoutePath.parse("\(root)/namespaces/team/locations") == .admin(.namespaceLocations("team")))
    #expect(try RoutePath.parse("\(root)/repositories/a") == .admin(.repository(name("a"))))
    #expect(try RoutePath.parse("\(root)/repositories/a/b/c") == .admin(.repository(name("a/b/c"))))
    #expect(
      try RoutePath.parse("\(root)/repositories/a/b/images/v1") == .admin(.image(name("a/b"), Reference(parsing: "v1")))
    )
    #expect(
      try RoutePath.parse("\(root)/repositories/images/images/\(digest)")
        == .admin(.image(name("images"), Reference(parsing: digest))))
    #expect(try RoutePath.parse("\(root)/repositories/a/images/v1/") == .admin(.repository(name("a/images/v1"))))
    #expect(try RoutePath.parse("\(root)/repositories/images/v1") == .admin(.repository(name("images/v1"))))
    #expect(try RoutePath.parse("\(root)/at-risk") == .admin(.atRisk))
    #expect(try RoutePath.parse("\(root)/jobs") == .admin(.jobs))
    #expect(try RoutePath.parse("\(root)/jobs/17") == .admin(.job(JobID(rawValue: 17))))
  }

  @Test(
    "refuses everything else with 400 or 404",
    arguments: [
      "/api/", "/api/v1", "/api/v1/replication", "/api/v2/replication/locations", "/API/v1/replication/locations",
      "/api/v1/replication//locations", "/api/v1/replication/locations/", "/api/v1/replication/repositories",
      "/api/v1/replication/repositories/", "/api/v1/replication/repositories/A", "/api/v1/replication/namespaces/a/b",
      "/api/v1/replication/repositories/a%2Fb", "/api/v1/replication/repositories/a/../b",
      "/api/v1/replication/repositories/a/images/sha256:1", "/api/v1/replication/namespaces/a%00",
      "/api/v1/replication/jobs/-1",
    ])
  func refusals(_ path: String) {
    #expect(throws: OCIFailure.self) { try RoutePath.parse(path[...]) }
  }

  @Test("what needs which right is one table")
  func requirements() throws {
    #expect(AdminRoute.locations.requirement(of: .get) == .superuser)
    #expect(AdminRoute.locations.requirement(of: .options) == .nothing)
    #expect(AdminRoute.jobs.requirement(of: .head) == .superuser)
    #expect(try AdminRoute.repository(name("a")).requirement(of: .get) == .visible(name("a")))
    #expect(try AdminRoute.image(name("a"), Reference(parsing: "v1")).requirement(of: .get) == .visible(name("a")))
  }

  @Test("a page is bounded and its link carries on")
  func page() throws {
    #expect(try AdminPage(QueryParameters(parsing: "")).size == AdminPage.defaultSize)
    #expect(try AdminPage(QueryParameters(parsing: "n=100000")).size == AdminPage.maximumSize)
    let page = try AdminPage(QueryParameters(parsing: "n=2&after=x%22"))
    #expect(page.after == "x\"")
    #expect(
      page.next(path: "/p", last: "a b\"", and: [("s", "t"), ("u", nil)]) == "</p?n=2&after=a%20b%22&s=t>; rel=\"next\""
    )
    #expect(throws: OCIFailure.self) { try AdminPage(QueryParameters(parsing: "n=")) }
    #expect(throws: OCIFailure.self) { try page.afterNumber() }
  }
}
