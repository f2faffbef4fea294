import Shared

/// The status as JSON; its keys are part of the command's contract.
struct StatusReport: Encodable {
  let locations: [Location]
  let alarms: [Alarm]

  /// Takes the catalog's figures over.
  init(_ statuses: [LocationStatus], alarms: [StatusAlarm]) {
    locations = statuses.map(Location.init)
    self.alarms = alarms.map(Alarm.init)
  }

  struct Location: Encodable {
    let location: String
    let state: String
    let placements: Int64
    let placedBytes: Int64
    let quarantined: Int64
    let pending: Int64
    let pendingBytes: Int64
    let oldestPendingSeconds: Int64
    let lanes: [String: Backlog]
    let failing: Int64
    let parked: Int64
    let sourceLost: Int64
    let atRisk: Int64
    let atRiskBytes: Int64
    let failingDeletions: Int64
    /// Absent where nothing has been copied yet.
    let lagMs: Lag?

    enum CodingKeys: String, CodingKey {
      case location, state, placements, quarantined, pending, lanes, failing, parked
      case placedBytes = "placed_bytes"
      case pendingBytes = "pending_bytes"
      case oldestPendingSeconds = "oldest_pending_seconds"
      case sourceLost = "source_lost"
      case atRisk = "at_risk"
      case atRiskBytes = "at_risk_bytes"
      case failingDeletions = "failing_deletions"
      case lagMs = "lag_ms"
    }

    /// Takes one location's figures over.
    init(_ status: LocationStatus) {
      location = status.location.description
      state = status.state.rawValue
      placements = status.placements
      placedBytes = status.placedBytes
      quarantined = status.quarantined
      pending = status.pendingJobs
      pendingBytes = status.pendingBytes
      oldestPendingSeconds = status.oldestPendingSeconds ?? 0
      lanes = Dictionary(status.lanes.map { ($0.lane.rawValue, Backlog($0)) }) { first, _ in first }
      failing = status.failing
      parked = status.parked
      sourceLost = status.sourceLost
      atRisk = status.atRisk.count
      atRiskBytes = status.atRisk.sizeBytes
      failingDeletions = status.failingDeletions
      lagMs = status.lag.map(Lag.init)
    }
  }

  struct Backlog: Encodable {
    let pending: Int64
    let pendingBytes: Int64
    let oldestPendingSeconds: Int64

    enum CodingKeys: String, CodingKey {
      case pending
      case pendingBytes = "pending_bytes"
      case oldestPendingSeconds = "oldest_pending_seconds"
    }

    /// Takes one lane's figures over.
    init(_ backlog: LaneBacklog) {
      pending = backlog.jobs
      pendingBytes = backlog.sizeBytes
      oldestPendingSeconds = backlog.oldestSeconds ?? 0
    }
  }

  struct Lag: Encodable {
    let samples: Int64
    let p50: Int64
    let p90: Int64
    let p99: Int64

    /// Takes the percentiles over.
    init(_ lag: LagPercentiles) {
      samples = lag.samples
      p50 = lag.p50Ms
      p90 = lag.p90Ms
      p99 = lag.p99Ms
    }
  }

  struct Alarm: Encodable {
    let kind: String
    let location: String
    let count: Int64
    let needsPerson: Bool
    let text: String

    enum CodingKeys: String, CodingKey {
      case kind, location, count, text
      case needsPerson = "needs_person"
    }

    /// Takes an alarm over.
    init(_ alarm: StatusAlarm) {
      kind = alarm.kind.rawValue
      location = alarm.location.description
      count = alarm.count
      needsPerson = alarm.needsPerson
      text = alarm.text
    }
  }
}
