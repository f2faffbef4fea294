import Shared

/// The status as tables for people.
enum StatusTable {
  private static let header = [
    "LOCATION", "STATE", "BLOBS", "SIZE", "PENDING", "PENDING SIZE", "OLDEST", "FAILING", "PARKED", "LOST", "AT RISK",
    "LAG p50/p99",
  ]
  private static let laneHeader = ["LOCATION", "LANE", "PENDING", "PENDING SIZE", "OLDEST"]

  /// A line per location below a header; where anything waits, a line per location and lane as well; columns aligned.
  static func lines(of statuses: [LocationStatus]) -> [String] {
    let backlogs = statuses.flatMap { status in
      status.lanes.filter { $0.jobs > 0 }.map { row(status.location, $0) }
    }
    let lanes = backlogs.isEmpty ? [] : [""] + TextTable(header: laneHeader).lines(backlogs)
    return TextTable(header: header).lines(statuses.map(row)) + lanes
  }

  private static func row(_ status: LocationStatus) -> [String] {
    [
      status.location.description, status.state.rawValue, ProgressUnit.grouped(status.placements),
      ProgressUnit.size(status.placedBytes), ProgressUnit.grouped(status.pendingJobs),
      ProgressUnit.size(status.pendingBytes), age(status.oldestPendingSeconds), ProgressUnit.grouped(status.failing),
      ProgressUnit.grouped(status.parked), ProgressUnit.grouped(status.sourceLost),
      ProgressUnit.grouped(status.atRisk.count),
      status.lag.map { "\(lag($0.p50Ms)) / \(lag($0.p99Ms))" } ?? "-",
    ]
  }

  private static func row(_ location: LocationID, _ backlog: LaneBacklog) -> [String] {
    [
      location.description, backlog.lane.rawValue, ProgressUnit.grouped(backlog.jobs),
      ProgressUnit.size(backlog.sizeBytes), age(backlog.oldestSeconds),
    ]
  }

  /// An age in its two largest units.
  private static func age(_ seconds: Int64?) -> String {
    guard let seconds else { return "-" }
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min \(seconds % 60) s"
    case ..<86_400: return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    default: return "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
    }
  }

  private static func lag(_ milliseconds: Int64) -> String {
    milliseconds < 10_000 ? "\(milliseconds) ms" : age(milliseconds / 1000)
  }
}
