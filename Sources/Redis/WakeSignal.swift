import CHiredis
import Glibc

/// A descriptor that poll(2) can wait on and any thread can make readable (eventfd(2)).
final class WakeSignal: Sendable {
  let descriptor: Int32

  /// Opens the descriptor; nil when the process has none left.
  init?() {
    descriptor = meridian_eventfd_open()
    guard descriptor >= 0 else { return nil }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Makes the descriptor readable.
  func signal() {
    // The only failure of a valid counter is that it is full, and then it is readable already.
    _ = meridian_eventfd_signal(descriptor)
  }

  /// Makes the descriptor unreadable again.
  func drain() {
    // The only failure of a valid counter is that it is zero already.
    _ = meridian_eventfd_drain(descriptor)
  }
}
