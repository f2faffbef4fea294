private import Glibc

/// A fixed number of threads for file calls that block, so that the cooperative pool never does.
///
/// The queue is bounded: work that does not fit is refused with `overloaded`. Work that was accepted always runs, also
/// after `close()`, so that nobody waits for ever.
///
/// `@unchecked Sendable` proof: `queue` and `isClosed` are read and written only with `mutex` held, and the other
/// properties never change after `init`; the mutex and the condition are allocated once and freed in `deinit`, which
/// runs only when no thread and no caller refers to the pool any more.
package final class BlockingPool: @unchecked Sendable {
  private typealias Work = @Sendable () -> Void

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let hasWork = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let maximumQueued: Int
  private var queue: [Work] = []
  private var isClosed = false

  /// Starts the threads; throws `unreachable` where the system gives not even one.
  package init(threads: Int = 4, maximumQueued: Int = 1_024) throws(StorageError) {
    self.maximumQueued = max(maximumQueued, 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(hasWork, nil)
    var started = 0
    for _ in 0..<max(threads, 1) where start() { started += 1 }
    guard started > 0 else { throw .unreachable(detail: "no thread for file access") }
  }

  deinit {
    pthread_cond_destroy(hasWork)
    pthread_mutex_destroy(mutex)
    hasWork.deallocate()
    mutex.deallocate()
  }

  /// Runs `work` on one of the threads and returns what it returns.
  ///
  /// A cancelled task's work is not begun; work that has begun is finished, since a file call cannot be interrupted.
  package func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    guard !Task.isCancelled else { throw .cancelled }
    let result: Result<Value, StorageError> = await withCheckedContinuation { continuation in
      let refusal = submit {
        do throws(StorageError) {
          continuation.resume(returning: .success(try work()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
      if let refusal { continuation.resume(returning: .failure(refusal)) }
    }
    return try result.get()
  }

  /// Has `work` run on one of the threads some time; false where the pool is full or closed, and the work is not run.
  package func enqueue(_ work: @escaping @Sendable () -> Void) -> Bool { submit(work) == nil }

  /// Refuses further work; the threads end when the accepted work is done.
  package func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_broadcast(hasWork)
    pthread_mutex_unlock(mutex)
  }

  private func submit(_ work: @escaping Work) -> StorageError? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    guard !isClosed else { return .cancelled }
    guard queue.count < maximumQueued else { return .overloaded }
    queue.append(work)
    pthread_cond_signal(hasWork)
    return nil
  }

  /// The next work, or nil when the pool is closed and empty.
  private func next() -> Work? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while queue.isEmpty {
      guard !isClosed else { return nil }
      pthread_cond_wait(hasWork, mutex)
    }
    return queue.removeFirst()
  }

  /// Starts a thread that keeps the pool alive until `close()`.
  private func start() -> Bool {
    var thread = pthread_t()
    let retained = Unmanaged.passRetained(self)
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let pool = Unmanaged<BlockingPool>.fromOpaque(argument).takeRetainedValue()
        while let work = pool.next() { work() }
        return nil
      }, retained.toOpaque())
    guard status == 0 else {
      retained.release()
      return false
    }
    pthread_detach(thread)
    return true
  }
}
