import Shared
import Testing

@Suite("Two health services of a region agree, or the difference is shown")
struct DisagreementTests {
  private func verdict(_ words: [[String: SnapshotMaking.Word]], ownIndex: Int? = nil) throws -> RegionVerdict {
    let observations = try words.enumerated().map { index, words in
      RegionObservation(
        snapshot: try SnapshotMaking.snapshot("us", instance: "us-\(index + 1)", words), ageMs: 1_000,
        isOwn: index == ownIndex)
    }
    return try #require(
      VerdictEngine.verdicts(
        of: observations, drains: [], policy: VerdictPolicy(regions: ["us", "eu"]), own: try RegionName(parsing: "us"),
        board: BoardReach(redis: true, database: true)
      ).first)
  }

  private let dead = ["storage:usstorage": SnapshotMaking.failing()]

  @Test func agreementIsOneVerdict() throws {
    let verdict = try verdict([[:], [:]])
    #expect(verdict.read.status == .pass && verdict.instances == ["us-1", "us-2"] && verdict.disagreements.isEmpty)
  }

  @Test func theMajorityDecidesAndTheDifferenceIsShown() throws {
    let up = try verdict([[:], dead, [:]])
    #expect(up.read.status == .warn && up.disagreements.map(\.component) == ["storage:usstorage"])
    #expect(up.disagreements.first?.text == "us-2 sees it fail, us-1, us-3 sees it work")
    let down = try verdict([dead, dead, [:]])
    // Alone in its pool but for a silent region it stays in; what it would be is shown.
    #expect(down.read.reasons.first?.code == .panicGuard)
    #expect(down.read.reasons.contains { $0.code == .componentFailed && $0.component == "storage:usstorage" })
  }

  @Test func aTieIsDecidedByTheCanaryPull() throws {
    #expect(try verdict([[:], dead]).read.reasons.map(\.code) == [.disagreement])
    let apiless = dead.merging(["api": SnapshotMaking.failing()]) { $1 }
    let both = try verdict([["api": SnapshotMaking.failing()], apiless])
    #expect(both.read.reasons.contains { $0.code == .componentFailed && $0.component == "storage:usstorage" })
  }

  @Test func whatThisServiceHasNotProbedItselfIsUnknownWhateverTheOtherSays() throws {
    let fresh = ["storage:usstorage": SnapshotMaking.Word(read: .unknown)]
    #expect(try verdict([fresh, [:]], ownIndex: 0).read.status == .unknown)
    #expect(try verdict([fresh, [:]]).read.status == .pass)
  }
}
