import Shared

/// One look at one component; throws with a reason fit for operators where it does not work at all.
struct Probe: Sendable {
  let target: ProbeTarget
  /// The time between the end of one look and the start of the next, before jitter.
  let interval: Duration
  /// A look that takes longer has failed.
  let deadline: Duration
  let thresholds: Hysteresis.Thresholds
  let look: @Sendable () async throws -> Sighting

  /// Describes a probe.
  init(
    target: ProbeTarget, interval: Duration = .seconds(2), deadline: Duration = .seconds(3),
    thresholds: Hysteresis.Thresholds = .init(rise: 2, fall: 3), look: @escaping @Sendable () async throws -> Sighting
  ) {
    self.target = target
    self.interval = interval
    self.deadline = deadline
    self.thresholds = thresholds
    self.look = look
  }
}

/// Why a probe failed.
enum ProbeError: Error, Sendable, Equatable, CustomStringConvertible {
  case deadlineExceeded(Duration)
  /// What was read back is not what was written.
  case wrongBytes

  var description: String {
    switch self {
    case .deadlineExceeded(let deadline): "no answer within \(deadline)"
    case .wrongBytes: "it returned other bytes than were written"
    }
  }
}
