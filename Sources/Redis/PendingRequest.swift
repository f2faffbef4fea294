import Synchronization

/// One or more commands a caller waits for together, and the place where their outcome is delivered exactly once.
// Sendable proof: everything but `waiter` is immutable or atomic. `waiter` is written by the caller before it moves
// `delivery` from open to awaited (release) and read only by the one thread that then moves it from awaited to
// settled (acquire); nobody touches it afterwards.
final class PendingRequest: @unchecked Sendable {
  typealias Outcome = Result<[RedisReply], RedisError>
  typealias Waiter = CheckedContinuation<Outcome, Never>

  private enum Delivery: UInt8, AtomicRepresentable {
    case open
    case awaited
    case settled
  }

  /// The request's share of its connection's bounds.
  private enum Share: UInt8, AtomicRepresentable {
    case none
    case taken
    case returned
  }

  /// The commands in RESP2, one after the other.
  let encoded: [UInt8]
  /// The number of replies that complete the request.
  let commandCount: Int
  let deadline: ContinuousClock.Instant

  private let delivery = Atomic(Delivery.open)
  private let share = Atomic(Share.none)
  private var waiter: Waiter?

  init(commands: [[RedisArgument]], deadline: ContinuousClock.Instant) {
    var buffer: [UInt8] = []
    for command in commands { RedisArgument.append(command: command, to: &buffer) }
    encoded = buffer
    commandCount = commands.count
    self.deadline = deadline
  }

  /// Whether the outcome is known; a settled request that was not sent need not be sent any more.
  var isSettled: Bool {
    delivery.load(ordering: .acquiring) == .settled
  }

  /// Takes the caller's continuation; false, with the continuation resumed, when the caller was cancelled already.
  ///
  /// Called once and before the request is submitted, so cancellation is all that can have settled it.
  func await(_ waiter: Waiter) -> Bool {
    self.waiter = waiter
    let isOpen = delivery.compareExchange(
      expected: .open, desired: .awaited, successOrdering: .releasing, failureOrdering: .acquiring
    ).exchanged
    if !isOpen { waiter.resume(returning: .failure(.cancelled)) }
    return isOpen
  }

  /// Settles the request unless it is settled, and resumes its caller.
  func settle(_ outcome: Outcome) {
    claim()?.resume(returning: outcome)
  }

  /// Settles the request unless it is settled and returns the caller, whom the claimer must then resume.
  func claim() -> Waiter? {
    delivery.exchange(.settled, ordering: .acquiringAndReleasing) == .awaited ? waiter : nil
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
