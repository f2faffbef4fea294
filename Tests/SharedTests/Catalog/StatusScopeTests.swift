import Postgres
import Shared
import TestSupport
import Testing

/// Status of namespaces, repositories and images, and arrivals, over one small registry.
@Suite("Status of a scope", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct StatusScopeTests {
  @Test("a repository's blobs are counted once, by location, with what is pending, failing and at risk")
  func repository() async throws {
    try await CatalogFixture.with { fixture in
      let image = try await fixture.pushImage("one", tags: ["v1"])
      _ = try await fixture.pushImage("two", tags: ["v2"], layers: ["one layer", "two own"])
      var status = try await fixture.catalog.status(of: .repository(fixture.name))
      // Two configs, the shared layer, the second image's own.
      #expect(status.objects == 4)
      #expect(status.atRisk == 4)
      #expect(status.withoutCopy == 0)
      #expect(status.isComplete)
      #expect(status.locations.map(\.location) == [fixture.ap, fixture.eu, fixture.us])
      let us = try #require(status.locations.last)
      #expect(us.verified == .init(objects: 4, bytes: status.bytes))
      #expect(us.pending.objects == 0)
      var eu = status.locations[1]
      #expect(eu.pending == .init(objects: 4, bytes: status.bytes))
      #expect(eu.oldestPendingSeconds != nil)
      #expect(eu.namespaceRule == nil)
      try await fixture.copy(to: fixture.eu, except: "two own")
      try await fixture.execute("UPDATE jobs SET attempts = 3, last_error = 'no route' WHERE target = 'eustorage'")
      try await fixture.execute("UPDATE jobs SET state = 'parked' WHERE target = 'apstorage' AND size = 9")
      try await fixture.execute(
        "INSERT INTO namespace_locations (namespace, location, is_required) VALUES ('team', 'eustorage', 0)")
      status = try await fixture.catalog.status(of: .namespace("team"))
      eu = status.locations[1]
      #expect(eu.verified.objects == 3)
      #expect(eu.pending.objects == 1)
      #expect(eu.failing == 1)
      #expect(eu.namespaceRule == false)
      #expect(status.locations[0].parked == 1)
      #expect(status.atRisk == 1)
      let failing = try await fixture.catalog.jobs(.failing, of: .repository(fixture.name), limit: 10)
      #expect(failing.map(\.target).sorted() == [fixture.ap, fixture.eu])
      #expect(failing.contains { $0.lastError == "no route" && $0.digest == fixture.digest("two own") })
      // An image is its own share of that.
      let one = try await fixture.catalog.status(of: .image(fixture.name, image))
      #expect(one.objects == 2)
      #expect(one.locations[1].verified.objects == 2)
      #expect(try await fixture.catalog.status(of: .namespace("tea")).objects == 0)
      #expect(try await fixture.catalog.status(of: .namespace("team/app")).objects == 4)
      #expect(try await fixture.catalog.hasNamespace("team"))
      #expect(try await !fixture.catalog.hasNamespace("tea"))
    }
  }

  @Test("an index's status is that of everything below it; readable means every blob, and since when is known")
  func image() async throws {
    try await CatalogFixture.with { fixture in
      let amd = try await fixture.pushImage("amd", tags: [])
      let arm = try await fixture.pushImage("arm", tags: [])
      let index = try await fixture.pushIndex("index", of: ["amd", "arm"], tags: ["latest", "v1"])
      let tag = Reference.tag(try TagName(parsing: "latest"))
      var status = try #require(try await fixture.catalog.imageStatus(tag, in: fixture.name))
      #expect(status.digest == index)
      #expect(status.manifests == 3)
      #expect(status.tags.map(\.description) == ["latest", "v1"])
      #expect(status.status.objects == 4)
      #expect(status.isReadable(at: fixture.us))
      #expect(!status.isReadable(at: fixture.eu))
      #expect(status.arrivals.map(\.readableAtMs) == [nil, nil, nil])
      try await fixture.copy(to: fixture.eu, except: "arm layer")
      #expect(try await fixture.arrived(.after(nil), at: fixture.eu) == [amd])
      try await fixture.copy(to: fixture.eu)
      #expect(try await fixture.arrived(.newest, at: fixture.eu) == [arm, index])
      status = try #require(try await fixture.catalog.imageStatus(.digest(index), in: fixture.name))
      #expect(status.isReadable(at: fixture.eu))
      let since = try #require(status.readableSinceMs(at: fixture.eu))
      #expect(since >= status.pushedAtMs)
      #expect(since == (try await fixture.number("SELECT max(done_at) FROM jobs WHERE target = 'eustorage'")))
      let tagged = try #require(try await fixture.catalog.taggedImages(in: fixture.name, limit: 1))
      #expect(tagged.map(\.tag.description) == ["latest"])
      #expect(tagged.first?.arrivals.first { $0.location == fixture.eu }?.readableAtMs == since)
      let next = try await fixture.catalog.taggedImages(in: fixture.name, after: "latest", limit: 5)
      #expect(next?.map(\.tag.description) == ["v1"])
      #expect(try await fixture.catalog.taggedImages(in: fixture.name, after: "z", limit: 5) == [])
      #expect(try await fixture.catalog.taggedImages(in: RepositoryName(parsing: "no/such"), limit: 5) == nil)
      #expect(try await fixture.catalog.imageStatus(.digest(fixture.digest("x")), in: fixture.name) == nil)
    }
  }

  @Test("blobs come page by page with every location's copy, its reason and its job")
  func blobs() async throws {
    try await CatalogFixture.with { fixture in
      let image = try await fixture.pushImage("one", tags: ["v1"])
      try await fixture.copy(to: fixture.eu)
      try await fixture.execute(
        "UPDATE placements SET state = 'quarantined', reason = 'gone' WHERE location = 'eustorage'")
      let scope = StatusScope.image(fixture.name, image)
      let first = try await fixture.catalog.blobCopies(of: scope, limit: 1)
      let blob = try #require(first.first)
      #expect(blob.copies.map(\.location) == [fixture.ap, fixture.eu, fixture.us])
      #expect(blob.copies.map(\.state) == [nil, .quarantined, .verified])
      #expect(blob.copies[1].reason == "gone")
      #expect(blob.copies[0].job?.state == .queued)
      #expect(blob.copies[2].job == nil)
      let second = try await fixture.catalog.blobCopies(of: scope, after: blob.digest, limit: 1)
      #expect(second.count == 1)
      #expect(second.first?.digest != blob.digest)
      #expect(try await fixture.catalog.blobCopies(of: scope, after: second.first?.digest, limit: 1).isEmpty)
    }
  }

  @Test("jobs are listed by state and location, oldest first, a page at a time")
  func jobs() async throws {
    try await CatalogFixture.with { fixture in
      for number in 0..<3 { try await fixture.push("blob \(number)") }
      try await fixture.execute("UPDATE jobs SET state = 'parked', attempts = 9 WHERE id = (SELECT min(id) FROM jobs)")
      let all = try await fixture.catalog.jobs(.unfinished, limit: 100)
      #expect(all.count == 6)
      #expect(all.map(\.id) == all.map(\.id).sorted())
      let eu = try await fixture.catalog.jobs(.unfinished, target: fixture.eu, limit: 2)
      #expect(eu.count == 2)
      let rest = try await fixture.catalog.jobs(.unfinished, target: fixture.eu, after: eu.last?.id, limit: 2)
      #expect(rest.count == 1)
      #expect(try await fixture.catalog.jobs(.parked, limit: 10).map(\.attempts) == [9])
      #expect(try await fixture.catalog.jobs(.queued, limit: 10).count == 5)
      #expect(try await fixture.catalog.jobs(.done, limit: 10).isEmpty)
      let id = try #require(all.first?.id)
      #expect(try await fixture.catalog.job(id) == all.first)
      #expect(try await fixture.catalog.job(JobID(rawValue: 999_999)) == nil)
    }
  }
}
