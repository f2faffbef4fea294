import CLibPQ
import Glibc
import Synchronization

/// Wakes one thread out of `poll`, from any thread.
///
/// The woken thread calls ``consume()`` first and looks at its queues and flags second; a signal sent in between is then
/// either seen in the queues or still pending in the descriptor, so none is lost.
final class WakeSignal: Sendable {
  let descriptor: Int32
  private let isPending = Atomic<Bool>(false)

  /// - Throws: ``PostgresError/connectionFailed(_:)`` if the process has no descriptor left.
  init() throws(PostgresError) {
    descriptor = clibpq_event_counter()
    guard descriptor >= 0 else { throw .connectionFailed("no file descriptor for a session's wake signal") }
  }

  deinit {
    close(descriptor)
  }

  /// Makes the next, or the current, `poll` on the descriptor return.
  func signal() {
    guard !isPending.exchange(true, ordering: .acquiringAndReleasing) else { return }
    var one: UInt64 = 1
    // The only possible failure is EAGAIN on a full counter, which means that a signal is pending already.
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  /// Takes the pending signals.
  func consume() {
    var count: UInt64 = 0
    // EAGAIN means that there was none; nothing else can fail here.
    _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    isPending.store(false, ordering: .sequentiallyConsistent)
  }
}
