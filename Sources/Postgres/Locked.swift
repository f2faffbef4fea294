import Glibc

/// State behind a mutex.
///
/// A pthread mutex and not `Synchronization.Mutex`, because ThreadSanitizer (Swift 6.3.1, Linux) does not see the latter's
/// futex and reports every use as a race.
// Proof for @unchecked Sendable: `state` is read and written only inside `withLock`, between lock and unlock of `mutex`;
// `mutex` is a fixed heap address for the object's life, freed in deinit when no other reference can exist.
final class Locked<State>: @unchecked Sendable {
  private var state: State
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init(_ state: State) {
    self.state = state
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deinitialize(count: 1)
    mutex.deallocate()
  }

  /// Runs `body` with the state; `body` must not block or call out to code that takes this lock again.
  func withLock<Result, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&state)
  }
}
