import Shared
import Testing

@Suite("Read route")
struct ReadRouteTests {
  private func locations(_ texts: String...) throws -> [LocationID] { try texts.map { try LocationID(parsing: $0) } }

  private func order(_ held: [LocationID], prefer: [LocationID], unhealthy: [LocationID] = []) -> [LocationID] {
    PlacementPolicy(preference: prefer, unhealthy: Set(unhealthy)).ordered(held, at: { $0 })
  }

  @Test("preferred locations first in their order, the others by id, whatever the order they come in")
  func ordersByPreference() throws {
    let held = try locations("ap", "us", "zz", "eu", "aa")
    let prefer = try locations("eu", "us", "none")
    let expected = try locations("eu", "us", "aa", "ap", "zz")
    for _ in 0..<20 { #expect(order(held.shuffled(), prefer: prefer) == expected) }
    #expect(order([], prefer: prefer).isEmpty)
  }

  @Test("unhealthy locations come last, in the same order among themselves")
  func unhealthyLast() throws {
    let held = try locations("us", "eu", "ap")
    let prefer = try locations("eu", "us", "ap")
    #expect(try order(held, prefer: prefer, unhealthy: locations("eu")) == locations("us", "ap", "eu"))
    #expect(order(held, prefer: prefer, unhealthy: held) == prefer)
  }

  @Test("a redirect only where it is allowed and the best copy is healthy; nothing to serve is said so")
  func modes() throws {
    let held = try locations("us", "eu")
    func mode(_ held: [LocationID], unhealthy: [LocationID] = [], redirect: Bool = true) throws
      -> ReadRoute<LocationID>.Mode
    {
      let policy = PlacementPolicy(preference: try locations("eu", "us"), unhealthy: Set(unhealthy))
      return ReadRoute(held, policy: policy, redirectAllowed: redirect, at: { $0 }).mode
    }
    #expect(try mode(held) == .redirect)
    #expect(try mode(held, redirect: false) == .proxy)
    #expect(try mode(held, unhealthy: locations("eu")) == .redirect)
    #expect(try mode(held, unhealthy: held) == .proxy)
    #expect(try mode([]) == .none)
  }
}
