import Shared

/// Something in a status that ought to be seen.
struct StatusAlarm: Sendable, Hashable {
  /// What it is, for scripts.
  enum Kind: String, Sendable, Hashable {
    case parked
    case sourceLost = "source_lost"
    case atRisk = "at_risk"
    case failingDeletions = "failing_deletions"
    case quarantined
  }

  let kind: Kind
  let location: LocationID
  let count: Int64
  /// Whether it stays as it is until a person does something.
  let needsPerson: Bool
  /// A sentence for people, with what to do.
  let text: String

  /// The line of a table: `ALARM` where a person is needed, `NOTE` where it will pass.
  var line: String { "\(needsPerson ? "ALARM" : "NOTE")  \(location): \(text)" }

  /// What is to be said of these figures, the gravest first.
  static func alarms(of statuses: [LocationStatus], maximumAtRisk: Int64?) -> [StatusAlarm] {
    let all = statuses.flatMap { status -> [StatusAlarm] in
      [
        alarm(
          .sourceLost, status, status.sourceLost, needsPerson: true,
          "blobs cannot be copied here because no intact copy is left anywhere; push them again"),
        alarm(
          .parked, status, status.parked, needsPerson: true,
          "jobs are parked after too many failures; see why, then run `replication-worker retry`"),
        alarm(
          .quarantined, status, status.quarantined, needsPerson: false,
          "copies were found missing or wrong and are being replaced"),
        alarm(
          .failingDeletions, status, status.failingDeletions, needsPerson: false,
          "objects could not be deleted so far; they are tried again"),
      ].compactMap { $0 }
    }
    return (all + atRisk(statuses, maximum: maximumAtRisk)).sorted { $0.needsPerson && !$1.needsPerson }
  }

  private static func alarm(
    _ kind: Kind, _ status: LocationStatus, _ count: Int64, needsPerson: Bool, _ text: String
  ) -> StatusAlarm? {
    guard count > 0 else { return nil }
    return StatusAlarm(
      kind: kind, location: status.location, count: count, needsPerson: needsPerson,
      text: "\(ProgressUnit.grouped(count)) \(text)")
  }

  /// Blobs at risk are an alarm where they are, all locations together, more than were allowed.
  private static func atRisk(_ statuses: [LocationStatus], maximum: Int64?) -> [StatusAlarm] {
    let isTooMany = maximum.map { statuses.reduce(0) { $0 + $1.atRisk.count } > $0 } ?? false
    return statuses.compactMap { status in
      alarm(
        .atRisk, status, status.atRisk.count, needsPerson: isTooMany,
        "blobs (\(ProgressUnit.size(status.atRisk.sizeBytes))) have their only verified copy here")
    }
  }
}
