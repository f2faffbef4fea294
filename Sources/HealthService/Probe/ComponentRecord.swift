import Shared

/// What is known of one component, steadied by hysteresis for reads and writes apart.
struct ComponentRecord: Sendable {
  private var read: Hysteresis
  private var write: Hysteresis
  private(set) var health: ComponentHealth
  private var seenAtMs: Int64?

  /// Knows nothing of the component.
  init(_ name: String, thresholds: Hysteresis.Thresholds) {
    read = Hysteresis(thresholds: thresholds)
    write = Hysteresis(thresholds: thresholds)
    health = ComponentHealth(
      component: name, status: .unknown, reason: "not looked at yet", observedAtMs: 0, durationMs: 0)
  }

  /// Takes in one look's end; returns whether the component's status has changed by it.
  mutating func record(_ sighting: Sighting, durationMs: Int64, nowMs: Int64, wallMs: Int64) -> Bool {
    let before = health
    let writeOutcome = sighting.write ?? sighting.read
    _ = read.record(success: sighting.read.isSuccess)
    _ = write.record(success: writeOutcome.isSuccess)
    let status = Self.status(read, sighting.read)
    let writeStatus = Self.status(write, writeOutcome)
    let reason = Self.reason(status, sighting.read, before: before.reason)
    let writeReason = Self.reason(writeStatus, writeOutcome, before: before.reason(for: .write))
    let differs = status != writeStatus || reason != writeReason
    health = ComponentHealth(
      component: before.component, status: status, reason: reason, writeStatus: differs ? writeStatus : nil,
      writeReason: differs ? writeReason : nil, values: sighting.values, observedAtMs: wallMs, durationMs: durationMs)
    seenAtMs = nowMs
    return before.status != health.status || before.status(for: .write) != health.status(for: .write)
  }

  /// The component at an instant: `unknown` once the last look is longer ago than `limitMs`.
  func health(nowMs: Int64, limitMs: Int64) -> ComponentHealth {
    guard let seenAtMs, nowMs - seenAtMs > limitMs else { return health }
    return ComponentHealth(
      component: health.component, status: .unknown, reason: "not probed for \((nowMs - seenAtMs) / 1000) s",
      values: health.values, observedAtMs: health.observedAtMs, durationMs: health.durationMs)
  }

  private static func status(_ hysteresis: Hysteresis, _ outcome: Sighting.Outcome) -> ProbeStatus {
    if hysteresis.status == .pass, case .warn = outcome { .warn } else { hysteresis.status }
  }

  /// While hysteresis still holds a failure after a success, the last failure's reason stands.
  private static func reason(_ status: ProbeStatus, _ outcome: Sighting.Outcome, before: String?) -> String? {
    status == .pass ? nil : outcome.reason ?? before
  }
}
