import Shared

/// What the database told of replication at one moment; the page shows it until there is a newer one.
struct ReplicationPicture: Sendable {
  var statuses: [LocationStatus] = []
  /// The copies that workers hold, the oldest first; of many only the first.
  var copies: [CopyUnderWay] = []
  var copiesByTarget: [CopiesUnderWay] = []
  /// The latest failures, of many only the last.
  var failures: [FailedAttempt] = []
  var requests: [VerificationRequest] = []
  /// The rounds of verification, as their workers left them.
  var rounds: [SweepState] = []
  /// Read less often than the rest; nil before the first time.
  var history: ReplicationHistory?
  /// When it was read, in milliseconds by the clock that ages are measured with.
  var readAtMs: Int64 = 0
  /// The same moment by the clock people read.
  var wallMs: Int64 = 0

  /// How many copies and failures are shown.
  static let shown = 20
}
