import Postgres
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// What a client that may push is told of a blob, and how long that holds (I7). Skipped where `MERIDIAN_TEST_POSTGRES`
/// is not set, unless CI is.
@Suite("Leases of links", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct LinkLeaseTests {
  @Test("HEAD says yes only with a lease: collection waits for it, and the manifest that follows is taken")
  func headRenewsTheLease() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(4000)
      let path = "/v2/team/app/blobs/\(Digest(of: bytes))"
      _ = try await registry.api.push(bytes, to: "team/app")
      _ = try await registry.catalog.client.query("DELETE FROM jobs")
      try await registry.catalog.expireLinks()
      #expect(try await registry.api.send("HEAD", path).status == 200)
      try await registry.catalog.collect()
      #expect(try await registry.api.send("GET", path).status == 200)
      // Without a HEAD the lease has passed for good, and HEAD says so.
      try await registry.catalog.expireLinks()
      try await registry.catalog.collect()
      #expect(try await registry.api.send("HEAD", path).status == 404)
      #expect(try await registry.api.push(bytes, to: "team/app").status == 201)
      #expect(try await registry.api.send("GET", path).status == 200)
    }
  }

  @Test("a link that is collected between the look and the lease is not promised")
  func collectedInBetween() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(4000)
      let path = "/v2/team/app/blobs/\(Digest(of: bytes))"
      _ = try await registry.api.push(bytes, to: "team/app")
      try await registry.catalog.expireLinks()
      let late = Gate()
      let head = Task {
        await late.pass()
        return try await registry.api.send("HEAD", path).status
      }
      let page = try await registry.catalog.catalog.collectLinks(after: .start, limit: 10) {
        late.open()
        await registry.catalog.waitUntilBlocked()
      }
      #expect(page.collected == 1)
      #expect(try await head.value == 404)
    }
  }

  @Test("a blob without a good copy is absent to whoever may push it, so that a push heals it (R4)")
  func noGoodCopy() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let bytes = PushContent.bytes(4000)
      let path = "/v2/team/app/blobs/\(Digest(of: bytes))"
      _ = try await registry.api.push(bytes, to: "team/app")
      _ = try await registry.catalog.client.query("UPDATE placements SET state = 'quarantined', reason = 'test'")
      #expect(try await registry.api.send("HEAD", path).status == 404)
      #expect(try await registry.api.push(bytes, to: "team/app").status == 201)
      #expect(try await registry.api.send("HEAD", path).status == 200)
    }
  }
}
