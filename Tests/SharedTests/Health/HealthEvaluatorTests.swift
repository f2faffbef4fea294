import Shared
import Testing

@Suite("A region's verdict follows from its snapshot (I10)")
struct HealthEvaluatorTests {
  private func snapshot(_ statuses: [(String, ProbeStatus)]) throws -> RegionSnapshot {
    RegionSnapshot(
      region: "eu", home: try LocationID(parsing: "eustorage"),
      components: statuses.map { name, status in
        ComponentHealth(component: name, status: status, reason: nil, observedAtMs: 0, durationMs: 1)
      })
  }

  private func verdict(_ statuses: [(String, ProbeStatus)], ageMs: Int64 = 0) throws -> RegionVerdict {
    HealthEvaluator.verdict(on: try snapshot(statuses), ageMs: ageMs, staleAfterMs: 15_000)
  }

  @Test func allWellPasses() throws {
    let verdict = try verdict([("database", .pass), ("storage:eustorage", .pass), ("redis", .pass)])
    #expect(verdict.read == .pass && verdict.write == .pass && verdict.reasons.isEmpty)
  }

  @Test(arguments: ["database", "storage:eustorage"])
  func whatTheRegionNeedsTurnsItRed(component: String) throws {
    let statuses = ["database", "storage:eustorage", "redis"].map { ($0, $0 == component ? ProbeStatus.fail : .pass) }
    let verdict = try verdict(statuses)
    #expect(verdict.read == .fail && verdict.write == .fail)
    #expect(verdict.reasons == ["\(component) fail"])
  }

  @Test(arguments: ["redis", "storage:usstorage"])
  func anotherStoreOrRedisOnlyWarns(component: String) throws {
    let verdict = try verdict([("database", .pass), ("storage:eustorage", .pass), (component, .fail)])
    #expect(verdict.read == .warn && verdict.read.servesTraffic)
  }

  @Test func nothingProbedYetIsUnknownAndServesNothing() throws {
    let verdict = try verdict([])
    #expect(verdict.read == .unknown && !verdict.read.servesTraffic)
  }

  @Test func aStaleSnapshotIsUnknownNotDown() throws {
    let statuses: [(String, ProbeStatus)] = [("database", .pass), ("storage:eustorage", .pass)]
    #expect(try verdict(statuses, ageMs: 15_000).read == .pass)
    #expect(try verdict(statuses, ageMs: 15_001).read == .unknown)
  }

  @Test func knowledgeOfAComponentAges() {
    let health = ComponentHealth(component: "redis", status: .pass, reason: nil, observedAtMs: 1_000, durationMs: 1)
    #expect(health.aged(nowMs: 16_000, limitMs: 15_000).status == .pass)
    #expect(health.aged(nowMs: 16_001, limitMs: 15_000).status == .unknown)
  }
}
