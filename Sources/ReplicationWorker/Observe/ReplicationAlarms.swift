import Shared

/// Decides which figures are worth an error line: what has gone wrong for good, once when it appears and again only when
/// it grows.
///
/// Parked and lost blobs count at once. Blobs with a single copy are ordinary for a moment after every push: they count
/// once there have been some for `patience` beats in a row, and again when they have grown by a tenth.
struct ReplicationAlarms: Sendable {
  /// One line of the log.
  struct Alarm: Sendable, Hashable {
    /// What an alarm is about.
    enum Subject: Sendable, Hashable {
      case parked(LocationID)
      case sourceLost(LocationID)
      case atRisk
    }

    let subject: Subject
    let count: Int64
    /// What it was when last told of; 0 where all was well.
    let before: Int64

    /// Whether this tells that all is well again.
    var isCleared: Bool { count == 0 }
  }

  /// Beats in a row with blobs at risk before they are told of.
  let patience: Int
  private var told: [Alarm.Subject: Int64] = [:]
  private var beatsAtRisk = 0

  /// Starts with nothing told.
  init(patience: Int = 20) { self.patience = patience }

  /// The alarms of this beat, in a stable order.
  ///
  /// Parked and lost blobs are looked for at `targets`; blobs at risk are those of all locations.
  mutating func alarms(on figures: ReplicationFigures, targets: Set<LocationID>) -> [Alarm] {
    var alarms: [Alarm] = []
    let own = figures.locations.filter { targets.contains($0.location) }
    for location in own.sorted(by: { $0.location < $1.location }) {
      tell(.parked(location.location), location.parked, grownBy: 1, &alarms)
      tell(.sourceLost(location.location), location.sourceLost, grownBy: 1, &alarms)
    }
    let atRisk = figures.atRisk
    beatsAtRisk = atRisk > 0 ? min(beatsAtRisk + 1, patience) : 0
    if atRisk == 0 || beatsAtRisk >= patience {
      tell(.atRisk, atRisk, grownBy: max(1, (told[.atRisk] ?? 0) / 10), &alarms)
    }
    return alarms
  }

  private mutating func tell(
    _ subject: Alarm.Subject, _ count: Int64, grownBy growth: Int64, _ alarms: inout [Alarm]
  ) {
    let before = told[subject] ?? 0
    if count >= before + growth || (count == 0 && before > 0) {
      alarms.append(Alarm(subject: subject, count: count, before: before))
      told[subject] = count
    } else {
      // What has shrunk is remembered as it is now: growth from there is news again, except for a count that sways.
      if case .atRisk = subject { return }
      told[subject] = min(before, count)
    }
  }
}

extension ReplicationAlarms.Alarm: CustomStringConvertible {
  /// What the line says, without figures.
  var description: String {
    switch (subject, isCleared) {
    case (.parked, false): "blobs are parked after too many failures; 'replication-worker retry' tries them again"
    case (.parked, true): "no blob is parked any more"
    case (.sourceLost, false): "no intact copy of some blobs is left; only a new push brings them back"
    case (.sourceLost, true): "no blob is without an intact copy any more"
    case (.atRisk, false): "blobs have had a single verified copy for a while: the loss of one location would lose them"
    case (.atRisk, true): "no blob is at risk any more"
    }
  }

  /// The location an alarm is about; nil for one about all.
  var location: LocationID? {
    switch subject {
    case .parked(let location), .sourceLost(let location): location
    case .atRisk: nil
    }
  }
}
