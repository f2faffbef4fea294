import Postgres
import Shared
import TestSupport
import Testing

@Suite("Arrivals and deliveries", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct ArrivalTests {
  private func told(_ images: [ImageReadable]) -> [WebhookDelivery.Draft] {
    images.map { WebhookDelivery.Draft(receiver: "hook", event: "\($0.repository) \($0.digest) \($0.location)") }
  }

  @Test("an arrival is noted once, with its event, however many look")
  func once() async throws {
    try await CatalogFixture.with(poolSize: 8) { fixture in
      for number in 0..<20 { try await fixture.pushImage("image \(number)", tags: ["t\(number)"]) }
      try await fixture.copy(to: fixture.eu)
      let seen = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<6 {
          group.addTask {
            try await fixture.catalog.noteArrivals(.after(nil), at: fixture.eu, limit: 100) { self.told($0) }
              .arrived.count
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(seen == 20)
      #expect(try await fixture.number("SELECT count(*) FROM webhook_deliveries") == 20)
      let image = try #require(
        try await fixture.catalog.noteArrivals(.newest, at: fixture.us, limit: 1) { _ in [] }.arrived.last)
      #expect(image.repository == fixture.name)
      // No copy was made for it: it was readable at home as soon as it was pushed.
      #expect(image.lagMs == 0)
    }
  }

  @Test("images that never complete hide none behind them, and a copy finds the images that waited for it")
  func paging() async throws {
    try await CatalogFixture.with { fixture in
      for number in 0..<40 { try await fixture.pushImage("stuck \(number)", tags: [], layers: ["stuck layer"]) }
      let last = try await fixture.pushImage("last", tags: [])
      let index = try await fixture.pushIndex("over last", of: ["last"], tags: [])
      try await fixture.copy(to: fixture.eu, except: "stuck layer")
      var found: [Digest] = []
      var after: Int64?
      var looks = 0
      repeat {
        let page = try await fixture.catalog.noteArrivals(.after(after), at: fixture.eu, limit: 16) { _ in [] }
        found += page.arrived.map(\.digest)
        after = page.looked < 16 ? nil : page.last
        looks += 1
      } while after != nil
      #expect(looks == 3)
      #expect(found == [last, index])
      let layer = BlobID(
        rawValue: try await fixture.number(
          "SELECT id FROM blobs WHERE digest = $1", [.text(fixture.digest("stuck layer").description)]))
      #expect(try await fixture.arrived(.touching([layer]), at: fixture.eu).isEmpty)
      try await fixture.copy(to: fixture.eu)
      #expect(try await fixture.arrived(.touching([BlobID(rawValue: 1 << 40)]), at: fixture.eu).isEmpty)
      #expect(try await fixture.arrived(.touching([layer]), at: fixture.eu).count == 40)
      #expect(try await fixture.arrived(.after(nil), at: fixture.eu).isEmpty)
    }
  }

  @Test("a delivery is taken by one, comes again after its lease or its delay, and is given up when old")
  func deliveries() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.pushImage("one", tags: ["v1"])
      try await fixture.copy(to: fixture.eu)
      _ = try await fixture.catalog.noteArrivals(.newest, at: fixture.eu, limit: 9) { self.told($0) + self.told($0) }
      let catalog = fixture.catalog
      #expect(try await catalog.claimDeliveries(to: "other", limit: 9, lease: .seconds(60)).isEmpty)
      let claimed = try await catalog.claimDeliveries(to: "hook", limit: 1, lease: .seconds(60))
      let first = try #require(claimed.first)
      #expect(claimed.count == 1)
      #expect(first.attempts == 1)
      #expect(first.event.hasPrefix("team/app sha256:"))
      let second = try #require(try await catalog.claimDeliveries(to: "hook", limit: 9, lease: .zero).first)
      #expect(second.id != first.id)
      try await catalog.postponeDelivery(first.id, by: .seconds(3600), error: "HTTP 500")
      let again = try await catalog.claimDeliveries(to: "hook", limit: 9, lease: .seconds(60))
      #expect(again.map(\.id) == [second.id])
      #expect(again.first?.attempts == 2)
      try await catalog.finishDelivery(second.id)
      #expect(try await catalog.waitingDeliveries() == ["hook": 1])
      #expect(try await catalog.giveUpDeliveries(olderThan: .seconds(60), limit: 9).isEmpty)
      let givenUp = try await catalog.giveUpDeliveries(olderThan: .seconds(-1), limit: 9)
      #expect(givenUp.map(\.lastError) == ["HTTP 500"])
      #expect(try await catalog.waitingDeliveries().isEmpty)
    }
  }
}
