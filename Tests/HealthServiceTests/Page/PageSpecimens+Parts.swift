import Shared

@testable import HealthService

extension PageSpecimens {
  static func verdict(_ region: String, warning: Bool = false) -> RegionVerdict {
    let reasons = warning ? [Reason(code: .remoteFailed, component: "storage:eustorage", text: "no answer")] : []
    let judgement = Judgement(status: warning ? .warn : .pass, reasons: reasons)
    return RegionVerdict(
      region: region, read: judgement, write: judgement, ageMs: region == "us" ? 0 : 1_200,
      instances: ["\(region)-1"])
  }

  static func health(
    _ verdicts: [RegionVerdict], components extra: [ComponentHealth]? = nil, euStore: ProbeStatus = .pass,
    database: ProbeStatus = .pass, reach: BoardReach = BoardReach(redis: true, database: true)
  ) throws -> HealthView {
    func component(_ name: String, _ status: ProbeStatus = .pass, write: ProbeStatus? = nil) -> ComponentHealth {
      ComponentHealth(
        component: name, status: status, reason: status == .pass ? nil : "no answer within 3.0 seconds",
        writeStatus: write, writeReason: write == .fail ? "the store is full" : nil, observedAtMs: nowMs, durationMs: 12
      )
    }
    let components =
      extra ?? [
        component("storage:usstorage"), component("storage:eustorage", euStore),
        component("storage:apstorage", write: euStore == .fail ? .fail : nil), component("database", database),
        component("redis"), component("api"), component("replication", euStore == .fail ? .warn : .pass),
        component("certificate"), component("clock"),
      ]
    let home = try location("usstorage")
    let snapshots = try verdicts.filter { !$0.isStale }.map { verdict in
      RegionSnapshot(
        region: verdict.region, home: (try? location("\(verdict.region)storage")) ?? home,
        instance: "\(verdict.region)-1", atMs: nowMs, components: components)
    }
    let own = snapshots.first ?? RegionSnapshot(region: "us", home: home, components: components)
    return HealthView(
      revision: 1, snapshot: own, verdicts: verdicts,
      observations: snapshots.map { RegionObservation(snapshot: $0, ageMs: 500, isOwn: $0.region == own.region) },
      drains: verdicts.compactMap(\.drain), boardReach: reach, atMs: nowMs)
  }

  static func picture(isBusy: Bool = false) throws -> ReplicationPicture {
    let (us, eu, ap) = (try location("usstorage"), try location("eustorage"), try location("apstorage"))
    var picture = ReplicationPicture()
    picture.statuses = [
      status(ap, placements: 124_998),
      isBusy
        ? LocationStatus(
          location: eu, state: .active, placements: 118_402, placedBytes: 3_912_334_000_000, quarantined: 4,
          lanes: [
            LaneBacklog(lane: .normal, jobs: 6_611, sizeBytes: 402_000_000_000, oldestSeconds: 1_934),
            LaneBacklog(lane: .backfill, jobs: 12, sizeBytes: 1_000_000, oldestSeconds: 40),
          ], failing: 31, parked: 7, sourceLost: 1,
          lag: LagPercentiles(samples: 1000, p50Ms: 2_140, p90Ms: 30_000, p99Ms: 61_000),
          atRisk: AtRisk(count: 0, sizeBytes: 0), failingDeletions: 2) : status(eu, placements: 125_031),
      LocationStatus(
        location: us, state: isBusy ? .draining : .active, placements: 125_034, placedBytes: 4_023_110_000_000,
        lanes: [LaneBacklog(lane: .normal, jobs: 2, sizeBytes: 40_000_000, oldestSeconds: 3)],
        lag: LagPercentiles(samples: 1000, p50Ms: 640, p90Ms: 1_200, p99Ms: 4_100),
        atRisk: AtRisk(count: isBusy ? 6_612 : 0, sizeBytes: isBusy ? 402_000_000_000 : 0)),
    ]
    picture.history = try history(isBusy: isBusy)
    picture.wallMs = nowMs - 2_000
    if isBusy {
      picture.copies = try copies()
      picture.copiesByTarget = [
        CopiesUnderWay(target: eu, copies: 31, sizeBytes: 9_400_000_000),
        CopiesUnderWay(target: us, copies: 2, sizeBytes: 40_000_000),
      ]
      picture.failures = try failures(error: "the store answered 503 to PUT")
    }
    return picture
  }

  static func status(_ location: LocationID, placements: Int64) -> LocationStatus {
    LocationStatus(
      location: location, state: .active, placements: placements, placedBytes: 4_022_000_000_000,
      lag: LagPercentiles(samples: 1000, p50Ms: 2_140, p90Ms: 4_000, p99Ms: 9_800))
  }

  static func copies() throws -> [CopyUnderWay] {
    let (us, eu) = (try location("usstorage"), try location("eustorage"))
    var copies: [CopyUnderWay] = []
    for index in Int64(0)..<6 {
      let size: Int64 = index == 0 ? 4_800_000_000 : 70_000 * (index * index + 1)
      copies.append(
        CopyUnderWay(
          job: JobID(rawValue: index), digest: Digest(of: [UInt8(index)]), sizeBytes: size,
          target: index == 3 ? us : eu, lane: index == 3 ? .urgent : .normal, attempts: index == 1 ? 2 : 0,
          ageMs: 1_934_000 / (index + 1), worker: "worker-eu-\(index % 2)",
          doneBytes: index == 0 ? 3_100_000_000 : nil))
    }
    return copies
  }

  static func failures(error: String) throws -> [FailedAttempt] {
    let (us, eu) = (try location("usstorage"), try location("eustorage"))
    let fates: [(JobState, JobAttempt.Outcome)] = [
      (.queued, .failed), (.parked, .parked), (.sourceLost, .sourceLost), (.done, .failed), (.leased, .rescued),
    ]
    return fates.enumerated().map { index, fate in
      FailedAttempt(
        job: JobID(rawValue: Int64(index)), digest: Digest(of: [UInt8(index)]), sizeBytes: 2_340_000, target: eu,
        state: fate.0, outcome: fate.1, source: index == 2 ? nil : us, error: fate.1 == .rescued ? nil : error,
        worker: "worker-eu-1", ageMs: Int64(index * index * 700_000 + 12_000))
    }
  }

  /// Five-minute steps of a day: quiet with waves, or with an outage of the store in the afternoon.
  static func history(isBusy: Bool) throws -> ReplicationHistory {
    let stretch: Int64 = 300_000
    var points: [ReplicationHistory.Point] = []
    for (place, name) in ["apstorage", "eustorage", "usstorage"].enumerated() {
      let location = try location(name)
      for step in stride(from: Int64(287), through: 0, by: -1) {
        // Nobody looked for an hour and a half at night.
        if (150..<168).contains(step) { continue }
        let began = (nowMs / stretch - step) * stretch
        let wave = (step * 7 + Int64(place) * 31) % 23
        let isOut = isBusy && name == "eustorage" && step < 7
        let burst: Int64 = step % 90 == 0 ? 1 : 0
        let pending: Int64 = isOut ? 6_623 - step * 900 : wave * wave / 9 + 240 * burst
        let lag: Int64 = isOut ? 1_934 - step * 270 : wave + 45 * burst
        points.append(
          ReplicationHistory.Point(
            location: location, beganAtMs: began, pending: pending, pendingBytes: 1_000_000 * wave, lagSeconds: lag))
      }
    }
    return ReplicationHistory(nowMs: nowMs, stretchMs: stretch, points: points)
  }
}
