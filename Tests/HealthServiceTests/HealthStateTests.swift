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
      region: try RegionName(parsing: "us"), home: home, staleAfterMs: 10_000, nowMs: { clock.now })
  }

  private func probe(_ target: ProbeTarget) -> Probe {
    Probe(target: target, thresholds: .init(rise: 1, fall: 1)) {}
  }

  private func see(_ target: ProbeTarget, failure: String? = nil) {
    _ = state.record(probe(target), failure: failure, durationMs: 2)
  }

  @Test func startsUnknownAndServesNothing() throws {
    let verdict = try #require(state.verdict(on: "us"))
    #expect(verdict.read == .unknown)
    #expect(QuayHealthBody.instance(state.snapshot).statusCode == 503)
  }

  @Test func quayBodiesNameTheServices() throws {
    see(.database)
    see(.storage(home))
    see(.redis, failure: "connection refused")
    let instance = String(decoding: try QuayHealthBody.instance(state.snapshot).json(), as: UTF8.self)
    #expect(instance == #"{"data":{"services":{"database":true,"storage":true}},"status_code":200}"#)
    let endToEnd = String(decoding: try QuayHealthBody.endToEnd(state.snapshot).json(), as: UTF8.self)
    #expect(
      endToEnd
        == #"{"data":{"services":{"database":true,"redis":false,"storage":true,"storage:usstorage":true}},"status_code":200}"#
    )
  }

  @Test func aReplicaStandsInForTheDatabaseAndPullsGoOn() throws {
    see(.storage(home))
    see(.database)
    #expect(state.record(probe(.database), failure: "refused", hasStandIn: true, durationMs: 2) == .warn)
    #expect(state.record(probe(.database), failure: "refused", hasStandIn: true, durationMs: 2) == nil)
    let verdict = try #require(state.verdict(on: "us"))
    #expect(verdict.read == .warn && verdict.reasons == ["database warn: refused"])
    #expect(QuayHealthBody.instance(state.snapshot).statusCode == 200)
    // The replica is lost as well: nothing can be served.
    #expect(state.record(probe(.database), failure: "refused", durationMs: 2) == .fail)
    #expect(QuayHealthBody.instance(state.snapshot).statusCode == 503)
    #expect(state.record(probe(.database), failure: nil, durationMs: 2) == .pass)
  }

  @Test func aFailedHomeStoreTurnsTheRegionRedWithItsReason() throws {
    see(.database)
    see(.storage(home), failure: "no answer within 3.0 seconds")
    let verdict = try #require(state.verdict(on: "us"))
    #expect(verdict.read == .fail)
    #expect(verdict.reasons == ["storage:usstorage fail: no answer within 3.0 seconds"])
  }

  @Test func whatIsNotProbedAnyMoreBecomesUnknown() throws {
    see(.database)
    see(.storage(home))
    clock.advance(ms: 10_001)
    #expect(try #require(state.verdict(on: "us")).read == .unknown)
  }

  @Test func anotherRegionIsJudgedByItsPublishedSnapshotAndItsAge() throws {
    let eu = try LocationID(parsing: "eustorage")
    let components = [ProbeTarget.database, .storage(eu)].map {
      ComponentHealth(component: $0.name, status: .pass, reason: nil, observedAtMs: 0, durationMs: 1)
    }
    state.recordBoard(.success([(RegionSnapshot(region: "eu", home: eu, components: components), Int64(2_000))]))
    #expect(try #require(state.verdict(on: "eu")).read == .pass)
    clock.advance(ms: 8_001)
    #expect(try #require(state.verdict(on: "eu")).read == .unknown)
    #expect(state.verdict(on: "mars") == nil)
  }

  @Test func theOwnSnapshotOnTheBoardNeverReplacesWhatIsSeenHere() throws {
    see(.database, failure: "gone")
    see(.storage(home))
    let rosy = [ProbeTarget.database, .storage(home)].map {
      ComponentHealth(component: $0.name, status: .pass, reason: nil, observedAtMs: 0, durationMs: 1)
    }
    state.recordBoard(.success([(RegionSnapshot(region: "us", home: home, components: rosy), Int64(0))]))
    #expect(state.verdicts.map(\.region) == ["us"])
    #expect(try #require(state.verdict(on: "us")).read == .fail)
  }
}
