import Shared
import Testing

/// Set `MERIDIAN_VERDICT_SEED` aside: a failure names the seed, and `RandomFleet(seed:)` repeats it alone.
@Suite("Whatever the fleet looks like, the rules of the verdicts hold (I10)")
struct VerdictPropertyTests {
  private static let seeds: ClosedRange<UInt64> = 1...4_000

  private func each(_ check: (RandomFleet, UInt64) throws -> String?) throws {
    for seed in Self.seeds {
      if let complaint = try check(try RandomFleet(seed: seed), seed) {
        Issue.record("seed \(seed): \(complaint)")
        return
      }
    }
  }

  private func judgement(_ verdict: RegionVerdict, _ direction: TrafficDirection) -> Judgement {
    direction == .read ? verdict.read : verdict.write
  }

  @Test func theOrderOfWhatWasHeardChangesNothing() throws {
    try each { fleet, seed in
      let expected = try fleet.verdicts()
      return try fleet.verdicts(shuffledBy: seed &+ 7) == expected ? nil : "another order, other verdicts"
    }
  }

  @Test func aStatusAndItsWeightAgree() throws {
    try each { fleet, _ in
      for verdict in try fleet.verdicts().values {
        for judgement in [verdict.read, verdict.write] {
          guard judgement.servesTraffic == (judgement.weight > 0), judgement.weight <= 100,
            (judgement.status == .pass) == judgement.reasons.isEmpty
          else { return "\(verdict.region): \(judgement)" }
        }
      }
      return nil
    }
  }

  @Test func silenceNeverServes() throws {
    try each { fleet, _ in
      let verdicts = try fleet.verdicts()
      for region in fleet.regions {
        let isHeard = fleet.observations.contains {
          $0.snapshot.region == region && ($0.isOwn || $0.ageMs <= fleet.policy.staleAfterMs)
        }
        guard !isHeard, let verdict = verdicts[region] else { continue }
        guard verdict.isStale, !verdict.read.servesTraffic, !verdict.write.servesTraffic else {
          return "\(region) is silent and serves"
        }
      }
      return nil
    }
  }

  @Test func nothingServesBeforeItWasProbed() throws {
    try each { fleet, _ in
      let blank = fleet.changing { _, _ in .unknown }
      return try blank.verdicts().values.contains { $0.read.servesTraffic || $0.write.servesTraffic }
        ? "unprobed and serving" : nil
    }
  }

  @Test func thePanicRuleHolds() throws {
    try each { fleet, _ in
      let verdicts = try fleet.verdicts()
      let count = verdicts.count
      guard count > 1, fleet.board.isReachable else { return nil }
      let limit = min(count - 1, Int((Double(count) * fleet.policy.maximumOutFraction + 1e-9).rounded(.down)))
      for direction in TrafficDirection.allCases {
        let out = verdicts.values.filter { !judgement($0, direction).servesTraffic }
        // Those the guard may keep in: judged by what was seen, not drained, not silent, not unknown, not isolated.
        let byJudgement = out.filter { verdict in
          let judgement = judgement(verdict, direction)
          return judgement.status == .fail && !judgement.reasons.contains { [.drained, .isolated].contains($0.code) }
        }
        guard out.count <= limit || byJudgement.isEmpty else { return "\(out.count) of \(count) out \(direction)" }
        let kept = verdicts.values.filter { judgement($0, direction).reasons.first?.code == .panicGuard }
        // It keeps no more in than it must.
        guard kept.isEmpty || out.count == limit || byJudgement.isEmpty else { return "kept too many \(direction)" }
      }
      return nil
    }
  }

  @Test func aRegionServesOnlyOnGoodEvidenceOrForAReasonThatIsTold() throws {
    let excuses: Set<ReasonCode> = [.sharedFate, .panicGuard, .servedFromRemote, .disagreement]
    try each { fleet, _ in
      for verdict in try fleet.verdicts().values {
        for direction in TrafficDirection.allCases {
          let judgement = judgement(verdict, direction)
          guard judgement.servesTraffic, !judgement.reasons.contains(where: { excuses.contains($0.code) }) else {
            continue
          }
          let fresh = fleet.observations.filter {
            $0.snapshot.region == verdict.region && $0.ageMs <= fleet.policy.staleAfterMs
          }
          for observation in fresh {
            for target in [ProbeTarget.database, .api, .storage(observation.snapshot.home)] {
              guard observation.snapshot.component(target)?.status(for: direction) != .fail else {
                return "\(verdict.region) serves \(direction) although \(target.name) fails"
              }
            }
          }
        }
      }
      return nil
    }
  }

  @Test func whatFailsInAnotherRegionsStoreTurnsNobodyRed() throws {
    try each { fleet, _ in
      let before = try fleet.verdicts()
      let after = try fleet.changing { snapshot, health in
        ProbeTarget.dependencyClass(of: health.component, home: snapshot.home) == .remote ? .fail : nil
      }.verdicts()
      for (region, verdict) in before {
        guard verdict.read.servesTraffic == after[region]?.read.servesTraffic,
          verdict.write.servesTraffic == after[region]?.write.servesTraffic
        else { return "\(region) changed" }
      }
      return nil
    }
  }

  @Test func redisAndInformationTurnNobodyRed() throws {
    try each { fleet, _ in
      let before = try fleet.verdicts()
      let after = try fleet.changing { _, health in
        ["redis", "replication"].contains(health.component) ? .fail : nil
      }.verdicts()
      return before.contains { $0.value.read.servesTraffic != after[$0.key]?.read.servesTraffic }
        ? "redis or the backlog decided" : nil
    }
  }

  @Test func aDatabaseThatFailsForAllEjectsNobody() throws {
    try each { fleet, _ in
      guard fleet.board.isReachable, fleet.regions.count > 1 else { return nil }
      let healthy = fleet.changing { _, _ in .pass }
      let dead = healthy.changing { _, health in ["database", "api"].contains(health.component) ? .fail : nil }
      let drained = Set(fleet.drains.map(\.region))
      let verdicts = try dead.verdicts()
      let silent = Set(verdicts.values.filter(\.isStale).map(\.region))
      for verdict in verdicts.values where !drained.contains(verdict.region) && !silent.contains(verdict.region) {
        guard verdict.read.servesTraffic, verdict.write.servesTraffic else { return "\(verdict.region) was ejected" }
      }
      return nil
    }
  }

  @Test func aWellRegionPasses() throws {
    try each { fleet, _ in
      let verdicts = try fleet.changing { _, _ in .pass }.verdicts()
      let drained = Set(fleet.drains.map(\.region))
      for verdict in verdicts.values where !verdict.isStale && !drained.contains(verdict.region) {
        guard verdict.read.status == .pass, verdict.write.status == .pass else { return "\(verdict)" }
      }
      return nil
    }
  }
}
