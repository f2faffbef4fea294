import Shared

/// How one component does in one direction, steadied by hysteresis.
struct DirectionRecord: Sendable {
  private var hysteresis: Hysteresis
  private(set) var status: ProbeStatus = .unknown
  private(set) var reason: String?
  private(set) var seenAtMs: Int64?
  private var sinceMs: Int64 = 0
  /// Whether the last look said otherwise than the steady status: another one soon tells which it is.
  private(set) var isTurning = false

  /// Knows nothing.
  init(thresholds: Hysteresis.Thresholds) { hysteresis = Hysteresis(thresholds: thresholds) }

  /// Takes in what a look found; returns whether the status has changed by it.
  mutating func record(_ outcome: Sighting.Outcome, nowMs: Int64) -> Bool {
    let before = status
    _ = hysteresis.record(success: outcome.isSuccess)
    if hysteresis.status == .pass, case .warn = outcome { status = .warn } else { status = hysteresis.status }
    // While hysteresis still holds a failure after a success, the last failure's reason stands.
    reason = status == .pass ? nil : outcome.reason ?? reason
    isTurning = outcome.isSuccess != status.servesTraffic
    // Passing and warning are one in how long it has been working.
    if before != status, !(before.servesTraffic && status.servesTraffic) { sinceMs = nowMs }
    seenAtMs = nowMs
    return before != status
  }

  /// How long it has been so, in milliseconds.
  func heldMs(nowMs: Int64) -> Int64 { max(0, nowMs - sinceMs) }
}
