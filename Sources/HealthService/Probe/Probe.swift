import Shared

/// One kind of look at one component; throws with a reason fit for operators where it does not work.
struct Probe: Sendable {
  /// What a probe looks at, so that reads and writes of one component can be looked at apart.
  enum Aspect: Sendable, Equatable {
    case both
    case reads
    case writes
  }

  let target: ProbeTarget
  let aspect: Aspect
  /// The time between the end of one look and the start of the next, before jitter.
  let interval: Duration
  /// A look that takes longer has failed.
  let deadline: Duration
  let thresholds: Hysteresis.Thresholds
  let look: @Sendable () async throws -> Sighting

  /// Describes a probe.
  init(
    target: ProbeTarget, aspect: Aspect = .both, interval: Duration = .seconds(2), deadline: Duration = .seconds(3),
    thresholds: Hysteresis.Thresholds = .init(rise: 2, fall: 3), look: @escaping @Sendable () async throws -> Sighting
  ) {
    self.target = target
    self.aspect = aspect
    self.interval = interval
    self.deadline = deadline
    self.thresholds = thresholds
    self.look = look
  }

  /// What was seen longer ago says nothing: some missed looks are none yet, whatever the interval.
  func memoryMs(staleAfterMs: Int64) -> Int64 { max(staleAfterMs, (interval * 3 + deadline).wholeMs) }
}

extension Duration {
  /// Whole milliseconds, rounded down, at most a day's.
  var wholeMs: Int64 {
    let limited = min(max(self, .zero), .seconds(86_400))
    return limited.components.seconds * 1000 + limited.components.attoseconds / 1_000_000_000_000_000
  }

  /// The duration in seconds.
  var inSeconds: Double { self / .seconds(1) }
}

/// Why a probe failed.
enum ProbeError: Error, Sendable, Equatable, CustomStringConvertible {
  case deadlineExceeded(Duration)
  /// What was read back is not what was written.
  case wrongBytes
  /// An answer did not say what it was asked for.
  case noTime

  var description: String {
    switch self {
    case .deadlineExceeded(let deadline): "no answer within \(deadline)"
    case .wrongBytes: "it returned other bytes than were written"
    case .noTime: "it does not tell the time"
    }
  }
}
