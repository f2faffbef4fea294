import Synchronization

/// One caller's wish to stop the work a session's thread does for it.
final class Interrupt: Sendable {
  private let raised = Atomic<Bool>(false)
  private let wake: WakeSignal

  init(wake: WakeSignal) {
    self.wake = wake
  }

  /// Whether the caller has given up.
  var isRaised: Bool { raised.load(ordering: .acquiring) }

  /// Asks the session's thread to cancel the statement; does nothing once the work is done.
  func raise() {
    raised.store(true, ordering: .releasing)
    wake.signal()
  }
}
