import Glibc

/// A value that is reached only under a POSIX mutex.
///
/// The standard library's `Mutex` would do, but its lock is invisible to ThreadSanitizer, which then reports every
/// guarded access as a race; this one can be checked.
///
/// Proof for `@unchecked Sendable`: `value` is private and touched only inside `withLock`, between lock and unlock of
/// `mutex`; the mutex lives at a fixed address from `init` to `deinit`. Callers hand only sendable values, or values
/// they hold no other reference to, in and out.
final class Guarded<Value>: @unchecked Sendable {
  private var value: Value
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  /// Guards a value nobody else refers to.
  init(_ value: sending Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `body` with the lock held; the lock is not recursive, and `body` must not wait for anything.
  func withLock<Result, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
