import Shared

/// The status as a table for people.
enum StatusTable {
  private static let header = [
    "LOCATION", "STATE", "BLOBS", "PENDING", "PENDING BYTES", "OLDEST", "FAILING", "PARKED", "LOST",
  ]

  /// One header line, then a line per location, columns aligned.
  static func lines(of statuses: [LocationStatus]) -> [String] {
    let rows = [header] + statuses.map(row)
    let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths)
        .map { text, width in text + String(repeating: " ", count: width - text.count) }
        .joined(separator: "  ")
        .trimmingTrailingSpaces
    }
  }

  private static func row(_ status: LocationStatus) -> [String] {
    [
      status.location.description, status.state.rawValue, "\(status.placements)", "\(status.pendingJobs)",
      "\(status.pendingBytes)", status.oldestPendingSeconds.map { "\($0) s" } ?? "-", "\(status.failing)",
      "\(status.parked)", "\(status.sourceLost)",
    ]
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    String(reversed().drop { $0 == " " }.reversed())
  }
}
