import Postgres
import Shared
import TestSupport
import Testing

@Suite("Sweeps", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct SweepTests {
  private let lease = Duration.seconds(60)

  @Test("one holder at a time; the next goes on where the last one stopped")
  func isTakenOver() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let first = try #require(try await catalog.claimSweep("walk", holder: "a", lease: lease))
      #expect(first.cursor == nil && first.progress == "{}" && first.startedAtMs != nil && first.finishedAtMs == nil)
      #expect(try await catalog.claimSweep("walk", holder: "b", lease: lease) == nil)
      #expect(try await catalog.saveSweep(first, cursor: "17", progress: #"{"n":3}"#, lease: .milliseconds(-1)))
      let second = try #require(try await catalog.claimSweep("walk", holder: "b", lease: lease))
      #expect(second.cursor == "17" && second.progress == #"{"n":3}"# && second.startedAtMs == first.startedAtMs)
      #expect(try await !catalog.saveSweep(first, cursor: "18", progress: "{}", lease: lease))
      #expect(try await !catalog.finishSweep(first, progress: "{}"))
      #expect(try await catalog.finishSweep(second, progress: #"{"n":9}"#))
      let rest = try #require(try await catalog.sweeps(named: "wa").first)
      #expect(rest.holder == nil && rest.cursor == nil && rest.progress == #"{"n":9}"# && rest.finishedAtMs != nil)
      #expect(try await catalog.sweeps(named: "we").isEmpty)
    }
  }

  @Test("a new round waits for its interval; one that was begun does not")
  func roundsKeepTheirDistance() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let first = try #require(try await catalog.claimSweep("walk", holder: "a", lease: lease))
      try await catalog.finishSweep(first, progress: #"{"n":1}"#)
      #expect(
        try await catalog.claimSweep("walk", holder: "a", lease: lease, notWithin: .seconds(3600)) == nil)
      let second = try #require(try await catalog.claimSweep("walk", holder: "a", lease: lease))
      #expect(second.progress == "{}")
      #expect(try await catalog.saveSweep(second, cursor: "x", progress: "{}", lease: lease))
      try await catalog.releaseSweep(second)
      let third = try #require(
        try await catalog.claimSweep("walk", holder: "b", lease: lease, notWithin: .seconds(3600)))
      #expect(third.cursor == "x")
    }
  }
}
