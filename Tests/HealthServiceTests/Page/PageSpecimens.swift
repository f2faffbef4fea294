import Shared

@testable import HealthService

/// Worlds to show on the page: what the health service may know, from nothing at all to names that mean harm.
enum PageSpecimens {
  /// 2026-11-22 13:46:40 UTC.
  static let nowMs: Int64 = 1_795_355_200_000
  static let hostileName = #"eu"><script>alert(1)</script>"#
  static let hostileText = "<img src=x onerror=alert(1)> \"\u{301} onmouseover=alert(2) ' & {{headline}} \u{202E}gnp"

  /// One world.
  struct World {
    var health: HealthView
    var picture: ReplicationPicture?
    var isDatabaseAway = false
    var pictureAgeMs: Int64 = 2_000
  }

  static func location(_ name: String) throws -> LocationID { try LocationID(parsing: name) }

  /// Everything works.
  static func calm() throws -> World {
    let verdicts = ["us", "ap", "eu"].map { verdict($0) }
    return World(health: try health(verdicts), picture: try picture())
  }

  /// A little of everything that can go wrong.
  static func trouble() throws -> World {
    let timeout = "no answer within 3.0 seconds"
    let eu = RegionVerdict(
      region: "eu",
      read: Judgement(
        status: .fail, reasons: [Reason(code: .componentFailed, component: "storage:eustorage", text: timeout)]),
      write: Judgement(
        status: .fail, reasons: [Reason(code: .componentFailed, component: "storage:eustorage", text: timeout)]),
      ageMs: 1_400, instances: ["eu-1", "eu-2"],
      disagreements: [
        Reason(code: .disagreement, component: "redis", text: "eu-1 says pass, eu-2 says fail")
      ])
    let ap = RegionVerdict(
      region: "ap",
      read: Judgement(
        status: .warn, weight: 50,
        reasons: [Reason(code: .servedFromRemote, component: "storage:apstorage", text: "reads go to usstorage")]),
      write: Judgement(status: .fail, reasons: [Reason(code: .drained, text: "store firmware")]),
      drain: RegionDrain(
        region: "ap", direction: .write, reason: "store firmware", by: "admin", sinceMs: nowMs - 1_800_000,
        untilMs: nowMs + 5_400_000), ageMs: 900, instances: ["ap-1"])
    let sa = RegionVerdict(
      region: "sa", read: Judgement(status: .unknown, reasons: [Reason(code: .stale, text: "last heard 4 min ago")]),
      write: Judgement(status: .unknown, reasons: [Reason(code: .stale, text: "last heard 4 min ago")]), ageMs: 247_000,
      isStale: true, instances: [])
    var picture = try picture(isBusy: true)
    picture.requests = [
      VerificationRequest(
        location: try location("usstorage"), depth: .presence, requestedBy: "admin", requestedAtMs: nowMs - 90_000,
        doneAtMs: nil)
    ]
    picture.rounds = [
      SweepState(
        name: "verify-presence:usstorage", holder: "worker-us-1", cursor: "1 2",
        progress: #"{"looked":48120,"quarantined":3,"unknown":0}"#, startedAtMs: nowMs - 60_000, finishedAtMs: nil),
      SweepState(
        name: "verify-content:usstorage", holder: nil, cursor: nil, progress: #"{"looked":125034,"quarantined":0}"#,
        startedAtMs: nowMs - 90_000_000, finishedAtMs: nowMs - 7_200_000),
    ]
    return World(health: try health([verdict("us", warning: true), ap, eu, sa], euStore: .fail), picture: picture)
  }

  /// The database is away; the picture is old.
  static func away() throws -> World {
    var world = try calm()
    let shared = Reason(code: .sharedFate, component: "database", text: "no connection")
    world.health = try health(
      ["us", "ap", "eu"].map { name in
        RegionVerdict(
          region: name, read: Judgement(status: .warn, reasons: [shared]),
          write: Judgement(status: .warn, reasons: [shared]), ageMs: 800, instances: ["\(name)-1"])
      }, database: .fail, reach: BoardReach(redis: true, database: false))
    world.isDatabaseAway = true
    world.pictureAgeMs = 187_000
    return world
  }

  /// Nothing has been seen yet.
  static func start() throws -> World {
    let unknown = Judgement(
      status: .unknown, reasons: [Reason(code: .componentUnknown, component: "storage:usstorage", text: "")])
    let verdicts = [
      RegionVerdict(region: "us", read: unknown, write: unknown, ageMs: 0, isStale: false),
      RegionVerdict(
        region: "eu", read: Judgement(status: .unknown), write: Judgement(status: .unknown), ageMs: -1, isStale: true),
    ]
    var health = try health(verdicts, components: [])
    health = HealthView(
      revision: 1, snapshot: health.snapshot, verdicts: verdicts, observations: [], drains: [],
      boardReach: BoardReach(redis: false, database: false), atMs: nowMs)
    return World(health: health, picture: nil, isDatabaseAway: true)
  }

  /// Names and words of somebody who means harm.
  static func hostile() throws -> World {
    let reason = Reason(code: .componentFailed, component: "storage:\(hostileName)", text: hostileText)
    let bad = RegionVerdict(
      region: hostileName, read: Judgement(status: .fail, reasons: [reason]),
      write: Judgement(status: .warn, weight: 10, reasons: [reason]),
      drain: RegionDrain(
        region: hostileName, direction: .both, reason: hostileText, by: hostileName, sinceMs: nowMs - 60_000),
      ageMs: 10, instances: [hostileName], disagreements: [reason])
    var picture = try picture(isBusy: true)
    picture.copies = try picture.copies.map { copy in
      CopyUnderWay(
        job: copy.job, digest: copy.digest, sizeBytes: copy.sizeBytes, target: copy.target, lane: copy.lane,
        attempts: copy.attempts, ageMs: copy.ageMs, worker: hostileText, doneBytes: copy.doneBytes)
    }
    picture.failures = try failures(error: hostileText)
    picture.requests = [
      VerificationRequest(
        location: try location("usstorage"), depth: .content, requestedBy: hostileName, requestedAtMs: nowMs - 9_000,
        doneAtMs: nil)
    ]
    let component = ComponentHealth(
      component: hostileName, status: .fail, reason: hostileText, observedAtMs: nowMs, durationMs: 1)
    return World(health: try health([verdict("us"), bad], components: [component]), picture: picture)
  }
}
