import Synchronization

/// How a worker's attempt at a job ended, as far as claiming goes.
enum JobEnd: Sendable, Hashable {
  case done
  /// The copy could not be made now.
  case failed
  /// The attempt was cut off, or the job was somebody else's; says nothing about copies.
  case interrupted
}

/// Slows claiming down while nothing can be copied: every source away, or not configured.
///
/// Each job fails in an instant then, and a feed would run through a whole backlog of them, a row of history and a log
/// line each, only to do it again. One success lifts the brake.
final class FutilityBrake: Sendable {
  /// Failures in a row before it is put on.
  let patience: Int
  private let failuresInARow = Mutex(0)

  /// Starts lifted.
  init(patience: Int = 128) { self.patience = patience }

  /// Whether claims are to be slow.
  var isOn: Bool { failuresInARow.withLock { $0 >= patience } }

  /// Takes in how a job ended.
  func record(_ end: JobEnd) {
    failuresInARow.withLock { failures in
      switch end {
      case .done: failures = 0
      case .failed: failures = min(failures + 1, patience)
      case .interrupted: break
      }
    }
  }
}
