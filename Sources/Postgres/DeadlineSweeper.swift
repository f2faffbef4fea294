import Synchronization

/// Ends waits whose deadline has passed, from a thread of its own that sleeps while nobody waits.
///
/// Needed beside the sessions' own deadlines because a session's thread may be stuck in the system's resolver, which
/// knows no deadline.
final class DeadlineSweeper: Sendable {
  /// Something with waiters.
  protocol Target: Sendable {
    /// Ends what is late.
    ///
    /// - Returns: whether anybody still waits.
    func sweep(at now: ContinuousClock.Instant) -> Bool
  }

  private let wake: WakeSignal
  private let state = Locked(State())
  private let isArmed = Atomic<Bool>(false)
  private let period: Duration = .milliseconds(10)

  private struct State {
    var targets: [any Target] = []
    var isRunning = false
    var isStopped = false
  }

  init() throws(PostgresError) {
    wake = try WakeSignal()
  }

  func add(_ target: any Target) {
    state.withLock { $0.targets.append(target) }
  }

  /// Says that somebody waits; starts the thread the first time.
  func arm() {
    guard !isArmed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    let mustStart = state.withLock { state in
      guard !state.isRunning, !state.isStopped else { return false }
      state.isRunning = true
      return true
    }
    if mustStart, !DriverThread.start("pg-deadlines", { self.run() }) {
      // No thread to be had: the next caller tries again; until then waits end by answers only.
      state.withLock { $0.isRunning = false }
      isArmed.store(false, ordering: .sequentiallyConsistent)
    }
    wake.signal()
  }

  /// Ends the thread and lets go of the targets.
  func stop() {
    state.withLock { state in
      state.isStopped = true
      state.targets = []
    }
    wake.signal()
  }

  private func run() {
    while true {
      let (targets, isStopped) = state.withLock { ($0.targets, $0.isStopped) }
      if isStopped { return }
      var isBusy = sweep(targets)
      if !isBusy {
        // Disarmed before the second look: whoever begins to wait after it arms again.
        isArmed.store(false, ordering: .sequentiallyConsistent)
        isBusy = sweep(targets)
        if isBusy { isArmed.store(true, ordering: .sequentiallyConsistent) }
      }
      let next = isBusy ? ContinuousClock.now + period : nil
      _ = awaitReady(-1, events: 0, wake: wake, until: next)
    }
  }

  private func sweep(_ targets: [any Target]) -> Bool {
    let now = ContinuousClock.now
    var isBusy = false
    for target in targets where target.sweep(at: now) { isBusy = true }
    return isBusy
  }
}
