import Shared
import Synchronization
import Testing

@testable import HealthService

@Suite("The health service answers from what it last saw")
struct HealthStateTests {
  private final class Clock: Sendable {
    private let value = Mutex<Int64>(1_000_000)
    var now: Int64 { value.withLock { $0 } }
    func advance(ms: Int64) { value.withLock { $0 += ms } }
  }

  private let clock = Clock()
  private let home: LocationID
  private let state: HealthState

  init() throws {
    home = try LocationID(parsing: "usstorage")
    let clock = clock
    state = HealthState(
      region: try RegionName(parsing: "us"), home: home, instance: "us-1",
      policy: VerdictPolicy(staleAfterMs: 10_000),
      clock: HealthClock(monotonicMs: { clock.now }, wallMs: { clock.now }))
  }

  private func probe(_ target: ProbeTarget) -> Probe {
    Probe(target: target, thresholds: .init(rise: 1, fall: 1)) { .pass }
  }

  private func see(_ target: ProbeTarget, failure: String? = nil) {
    state.record(probe(target), failure.map { .fail($0) } ?? .pass, durationMs: 2)
  }

  @Test func startsUnknownAndServesNothing() throws {
    let verdict = try #require(state.verdict(on: "us"))
    #expect(verdict.read.status == .unknown)
    #expect(QuayHealthBody.instance(state.view).code == 503)
  }

  @Test func aReplicaStandsInForTheDatabaseAndPullsGoOn() throws {
    see(.storage(home))
    see(.database)
    let onReplica = Sighting(read: .warn("refused"))
    #expect(state.record(probe(.database), onReplica, durationMs: 2).change?.status == .warn)
    #expect(state.record(probe(.database), onReplica, durationMs: 2).change == nil)
    let verdict = try #require(state.verdict(on: "us"))
    #expect(verdict.read.status == .warn && verdict.read.reasons.map(\.text) == ["refused"])
    #expect(QuayHealthBody.instance(state.view).code == 200)
    // The replica is lost as well: nothing can be served.
    #expect(state.record(probe(.database), .fail("refused"), durationMs: 2).change?.status == .fail)
    #expect(QuayHealthBody.instance(state.view).code == 503)
    #expect(state.record(probe(.database), .pass, durationMs: 2).change?.status == .pass)
  }

  @Test func aFailedHomeStoreTurnsTheRegionRedWithItsReason() throws {
    see(.database)
    see(.storage(home), failure: "no answer within 3.0 seconds")
    let verdict = try #require(state.verdict(on: "us"))
    #expect(verdict.read.status == .fail)
    #expect(verdict.read.reasons.contains { $0.component == "storage:usstorage" && $0.code == .componentFailed })
  }

  @Test func whatIsNotProbedAnyMoreBecomesUnknown() throws {
    see(.database)
    see(.storage(home))
    clock.advance(ms: 10_001)
    #expect(try #require(state.verdict(on: "us")).read.status == .unknown)
  }

  @Test func anotherRegionIsJudgedByItsPublishedSnapshotAndItsAge() throws {
    let eu = try LocationID(parsing: "eustorage")
    let components = [ProbeTarget.database, .storage(eu)].map {
      ComponentHealth(component: $0.name, status: .pass, reason: nil, observedAtMs: 0, durationMs: 1)
    }
    let snapshot = RegionSnapshot(region: "eu", home: eu, instance: "eu-1", components: components)
    state.record(
      Exchange(observations: [RegionObservation(snapshot: snapshot, ageMs: 2_000)], reachedDatabase: true))
    #expect(try #require(state.verdict(on: "eu")).read.status == .pass)
    clock.advance(ms: 8_001)
    #expect(try #require(state.verdict(on: "eu")).read.status == .unknown)
    #expect(state.verdict(on: "mars") == nil)
  }

  @Test func theOwnSnapshotOnTheBoardNeverReplacesWhatIsSeenHere() throws {
    see(.database, failure: "gone")
    see(.storage(home))
    let rosy = [ProbeTarget.database, .storage(home)].map {
      ComponentHealth(component: $0.name, status: .pass, reason: nil, observedAtMs: 0, durationMs: 1)
    }
    let snapshot = RegionSnapshot(region: "us", home: home, instance: "us-1", components: rosy)
    state.record(Exchange(observations: [RegionObservation(snapshot: snapshot, ageMs: 0)], reachedDatabase: true))
    #expect(state.verdicts.map(\.region) == ["us"])
    #expect(try #require(state.verdict(on: "us")).read.status == .fail)
  }
}
