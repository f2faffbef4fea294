import Glibc

/// A value behind a pthread mutex.
///
/// Used in place of the standard library's `Mutex`, which on Linux is a priority-inheriting futex: contended, it cost
/// this driver four fifths of its throughput, and ThreadSanitizer does not see it.
// Sendable proof: `value` is only touched in `withLock`, between locking and unlocking the mutex, and the closure gets
// it as `inout`, so no reference to the storage outlives the lock.
final class Locked<Value>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var value: Value

  init(_ value: sending Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deinitialize(count: 1)
    mutex.deallocate()
  }

  /// Runs `body` with the value, alone; it must not block and not lock this value again.
  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&value)
  }
}
