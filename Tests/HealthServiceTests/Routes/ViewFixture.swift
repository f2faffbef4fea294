import Shared

@testable import HealthService

/// Views for tests: a region `us` with what was seen of it, and verdicts.
enum ViewFixture {
  static func component(
    _ target: ProbeTarget, _ status: ProbeStatus = .pass, reason: String? = nil, write: ProbeStatus? = nil,
    values: [String: Double] = [:], observedAtMs: Int64 = 1_000
  ) -> ComponentHealth {
    ComponentHealth(
      component: target.name, status: status, reason: reason, writeStatus: write, values: values,
      observedAtMs: observedAtMs, durationMs: 7)
  }

  static func view(
    _ components: [ComponentHealth] = [], verdicts: [RegionVerdict] = [verdict("us")], atMs: Int64 = 784_111_777_000
  ) throws -> HealthView {
    let snapshot = RegionSnapshot(
      region: "us", home: try LocationID(parsing: "usstorage"), instance: "us-1", atMs: atMs, components: components)
    return HealthView(
      revision: 1, snapshot: snapshot, verdicts: verdicts, observations: [], drains: [],
      boardReach: BoardReach(redis: true, database: true), atMs: atMs)
  }

  static func verdict(
    _ region: String, read: Judgement = Judgement(status: .pass), write: Judgement = Judgement(status: .pass),
    drain: RegionDrain? = nil, ageMs: Int64 = 120
  ) -> RegionVerdict {
    RegionVerdict(region: region, read: read, write: write, drain: drain, ageMs: ageMs, instances: ["\(region)-1"])
  }

  static func failing(_ text: String, _ component: String? = nil, code: ReasonCode = .componentFailed) -> Judgement {
    Judgement(status: .fail, reasons: [Reason(code: code, component: component, text: text)])
  }
}
