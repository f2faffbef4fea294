import Synchronization

/// One or more commands a caller waits for together, and the place where their outcome is delivered exactly once.
final class PendingRequest: Sendable {
  typealias Outcome = Result<[RedisReply], RedisError>
  typealias Waiter = CheckedContinuation<Outcome, Never>

  private enum Delivery: Sendable {
    case open
    case awaited(Waiter)
    case settled(Outcome)
  }

  /// The commands in RESP2, one after the other.
  let encoded: [UInt8]
  /// The number of replies that complete the request.
  let commandCount: Int
  let deadline: ContinuousClock.Instant

  private let delivery = Mutex(Delivery.open)
  private let share = Atomic(Share.none)

  /// The request's share of its connection's bounds.
  private enum Share: UInt8, AtomicRepresentable {
    case none
    case taken
    case returned
  }

  init(commands: [[RedisArgument]], deadline: ContinuousClock.Instant) {
    var buffer: [UInt8] = []
    for command in commands { RedisArgument.append(command: command, to: &buffer) }
    encoded = buffer
    commandCount = commands.count
    self.deadline = deadline
  }

  /// Whether the outcome is known; a settled request that was not sent need not be sent any more.
  var isSettled: Bool {
    delivery.withLock { delivery in
      if case .settled = delivery { true } else { false }
    }
  }

  /// Takes the caller's continuation; false, with the continuation resumed, when the outcome is known already.
  func await(_ waiter: Waiter) -> Bool {
    let known: Outcome? = delivery.withLock { delivery in
      if case .settled(let outcome) = delivery { return outcome }
      delivery = .awaited(waiter)
      return nil
    }
    guard let known else { return true }
    waiter.resume(returning: known)
    return false
  }

  /// Settles the request unless it is settled, and resumes its caller.
  func settle(_ outcome: Outcome) {
    claim(outcome)?.resume(returning: outcome)
  }

  /// Settles the request unless it is settled and returns the caller, whom the claimer must then resume.
  func claim(_ outcome: Outcome) -> Waiter? {
    delivery.withLock { delivery in
      switch delivery {
      case .open:
        delivery = .settled(outcome)
        return nil
      case .awaited(let waiter):
        delivery = .settled(outcome)
        return waiter
      case .settled:
        return nil
      }
    }
  }

  /// Notes that the request counts against the connection's bounds; called under the connection's lock.
  func markCounted() {
    share.store(.taken, ordering: .relaxed)
  }

  /// True exactly once after ``markCounted()``: for the one who gives the share back; called under the same lock.
  func markReleased() -> Bool {
    share.compareExchange(expected: .taken, desired: .returned, ordering: .relaxed).exchanged
  }
}
