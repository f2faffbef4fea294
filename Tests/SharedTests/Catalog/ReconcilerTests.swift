import Postgres
import Shared
import TestSupport
import Testing

@Suite("Jobs without the queue", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct ReconcilerTests {
  private let lease = Duration.seconds(60)

  @Test("without Redis: urgent before normal before backfill, smallest first, only after the grace, only own targets")
  func reconcilerOrder() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("a normal blob", required: [fixture.eu])
      try await fixture.push("small", required: [fixture.eu])
      try await fixture.push("x", required: [fixture.eu], lane: .backfill)
      try await fixture.push("y", required: [fixture.ap])
      let urgent = try await fixture.push("urgent and rather long", required: [])
      let opened = try await fixture.catalog.openJobs(for: [urgent.blob], target: fixture.eu, lane: .urgent)
      #expect(opened.map(\.lane) == [.urgent])
      #expect(try await fixture.catalog.openJobs(for: [urgent.blob], target: fixture.us, lane: .urgent).isEmpty)
      #expect(
        try await fixture.claimDue(at: fixture.eu, limit: 9, olderThan: .seconds(60)).isEmpty)
      var order: [Digest] = []
      while let job = try await fixture.claimDue(at: fixture.eu, limit: 1).first {
        order.append(job.digest)
      }
      #expect(order == ["urgent and rather long", "small", "a normal blob", "x"].map { fixture.digest($0) })
      let pending = try await fixture.catalog.replicationStatus().map(\.pendingJobs)
      #expect(pending == [1, 4, 0])
    }
  }

  @Test("somebody waiting moves a queued job to the urgent lane; a job of a later program is left alone (I14)")
  func lanesAndVersions() async throws {
    try await CatalogFixture.with { fixture in
      let pushed = try await fixture.push("layer", required: [fixture.eu], lane: .backfill)
      let moved = try await fixture.catalog.openJobs(for: [pushed.blob], target: fixture.eu, lane: .urgent)
      #expect(moved.map(\.lane) == [.urgent])
      #expect(moved.map(\.id) == pushed.jobs.map(\.id))
      #expect(try await fixture.catalog.openJobs(for: [pushed.blob], target: fixture.eu, lane: .normal).isEmpty)
      _ = try await fixture.client.query("UPDATE jobs SET version = 2")
      #expect(try await fixture.catalog.claimJobs(ids: moved.map(\.id), worker: "w", lease: lease).isEmpty)
      #expect(
        try await fixture.claimDue(at: fixture.eu, limit: 9).isEmpty)
    }
  }
}
