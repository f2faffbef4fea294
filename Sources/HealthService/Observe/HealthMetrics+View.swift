import Shared

extension HealthMetrics {
  /// Brings the gauges up to date with what stands in a view. Regions and components are those of the configuration, so
  /// none is ever taken away again.
  func show(_ view: HealthView) {
    for verdict in view.verdicts { show(verdict) }
    for component in view.snapshot.components { show(component) }
    for (board, isReached) in [("redis", view.boardReach.redis), ("database", view.boardReach.database)] {
      registry.gauge(HealthMetric.boardReachable, ["board": board]).set(isReached ? 1 : 0)
    }
  }

  /// Shows one region.
  func show(_ verdict: RegionVerdict) {
    let region = ["region": verdict.region]
    // Nothing was ever heard of it: older than anything.
    let age = verdict.ageMs < 0 ? Double.infinity : Double(verdict.ageMs) / 1000
    registry.gauge(HealthMetric.age, region).set(age)
    registry.gauge(HealthMetric.instances, region).set(Double(verdict.instances.count))
    registry.gauge(HealthMetric.disagreements, region).set(Double(verdict.disagreements.count))
    for direction in TrafficDirection.allCases {
      let labels = region.merging(["direction": direction.rawValue]) { $1 }
      let judgement = direction == .read ? verdict.read : verdict.write
      registry.gauge(HealthMetric.serves, labels).set(judgement.servesTraffic ? 1 : 0)
      registry.gauge(HealthMetric.weight, labels).set(Double(judgement.weight))
      registry.gauge(HealthMetric.status, labels).set(Self.number(judgement.status))
      let isDrained = judgement.reasons.contains { $0.code == .drained }
      registry.gauge(HealthMetric.drained, labels).set(isDrained ? 1 : 0)
    }
  }

  /// Shows one component of this region.
  func show(_ component: ComponentHealth) {
    for direction in TrafficDirection.allCases {
      registry.gauge(
        HealthMetric.component, ["component": component.component, "direction": direction.rawValue]
      ).set(Self.number(component.status(for: direction)))
    }
    for (name, value) in component.values {
      registry.gauge(HealthMetric.value, ["component": component.component, "value": name]).set(value)
    }
  }

  private static func number(_ status: ProbeStatus) -> Double {
    switch status {
    case .pass: 3
    case .warn: 2
    case .unknown: 1
    case .fail: 0
    }
  }
}
