package import SharedModel

/// Judges every region from what all health services saw: a pure function, so that every rule is tested without a probe.
package enum VerdictEngine {
  /// The verdicts on all regions configured or heard of, `own` first, the others ordered by name.
  package static func verdicts(
    of observations: [RegionObservation], drains: [RegionDrain], policy: VerdictPolicy, own: RegionName,
    board: BoardReach
  ) -> [RegionVerdict] {
    var newest: [String: RegionObservation] = [:]
    for observation in observations {
      let region = observation.snapshot.region
      if let other = newest[region], other.isOwn || (!observation.isOwn && other.ageMs <= observation.ageMs) {
        continue
      }
      newest[region] = observation
    }
    let names = Set(policy.regions).union(newest.keys).union([own.description]).sorted()
    let ordered = [own.description] + names.filter { $0 != own.description }
    return ordered.map { name in
      verdict(on: name, newest[name], drain: drains.first { $0.region == name }, policy: policy)
    }
  }

  private static func verdict(
    on region: String, _ observation: RegionObservation?, drain: RegionDrain?, policy: VerdictPolicy
  ) -> RegionVerdict {
    guard let observation, observation.ageMs <= policy.staleAfterMs else {
      let stale = Judgement(
        status: .unknown, reasons: [Reason(code: .stale, text: "nothing recent was heard of the region")])
      return RegionVerdict(
        region: region, read: stale, write: stale, drain: drain, ageMs: observation?.ageMs ?? -1, isStale: true)
    }
    func judge(_ direction: TrafficDirection) -> Judgement {
      let snapshot = observation.snapshot
      if let drain, direction == .read ? drain.direction.coversReads : drain.direction.coversWrites {
        return Judgement(status: .fail, reasons: [Reason(code: .drained, text: drain.reason)])
      }
      func status(_ target: ProbeTarget) -> ProbeStatus {
        snapshot.component(target)?.status(for: direction) ?? .unknown
      }
      let required = [status(.storage(snapshot.home)), status(.database)]
      let reasons = snapshot.components.filter { $0.status(for: direction) != .pass }.map { component in
        Reason(
          code: component.status(for: direction) == .fail ? .componentFailed : .componentWarning,
          component: component.component, text: component.reason(for: direction) ?? "")
      }
      if required.contains(.fail) { return Judgement(status: .fail, reasons: reasons) }
      if required.contains(.unknown) { return Judgement(status: .unknown, reasons: reasons) }
      return Judgement(status: reasons.isEmpty ? .pass : .warn, reasons: reasons)
    }
    return RegionVerdict(
      region: region, read: judge(.read), write: judge(.write), drain: drain, ageMs: observation.ageMs,
      instances: observation.snapshot.instance.isEmpty ? [] : [observation.snapshot.instance])
  }
}
