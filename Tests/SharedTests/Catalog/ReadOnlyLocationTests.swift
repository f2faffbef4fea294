import Shared
import TestSupport
import Testing

@Suite("A location that is read-only", .enabled(if: CatalogFixture.isEnabled))
struct ReadOnlyLocationTests {
  @Test("it gets no copies and loses no objects until it is active again (G18)")
  func leftAlone() async throws {
    try await CatalogFixture.with { fixture in
      let catalog = fixture.catalog
      let (stray, other) = (try fixture.freshKey(), try fixture.freshKey())
      try await catalog.recordObjectDeletion(of: stray, at: fixture.eu, reason: "test", grace: .zero)
      try await catalog.recordObjectDeletion(of: other, at: fixture.us, reason: "test", grace: .zero)
      #expect(
        try await catalog.changeLocationState(of: fixture.eu, from: [.joining, .active], to: .readOnly)
          == .changed(from: .active))

      let places = [fixture.us, fixture.eu]
      let due = try await catalog.claimObjectDeletions(at: places, limit: 9, lease: .seconds(9))
      #expect(due.map(\.key) == [other])
      let pushed = try await fixture.push("while read-only")
      #expect(Set(pushed.jobs.map(\.target)) == [fixture.ap])

      _ = try await catalog.changeLocationState(of: fixture.eu, from: [.readOnly], to: .joining)
      let later = try await catalog.claimObjectDeletions(at: places, limit: 9, lease: .seconds(9))
      #expect(later.map(\.key) == [stray])
    }
  }
}
