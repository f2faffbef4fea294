import CLibCurl
import Glibc

/// A detached POSIX thread with every signal blocked.
///
/// Signals stay with the threads that expect them; a blocked SIGPIPE also keeps a broken connection from ending the
/// process, since libcurl runs with CURLOPT_NOSIGNAL.
enum DrivingThread {
  /// Carries the closure to the new thread.
  private final class Entry {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts a thread.
  ///
  /// - Returns: Whether the system gave one.
  static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    let entry = Unmanaged.passRetained(Entry(name: name, body: body))
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    // The mask is inherited, so it is in place before the thread's first instruction.
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let entry = Unmanaged<Entry>.fromOpaque(argument).takeRetainedValue()
        mt_name_thread(entry.name)
        entry.body()
        return nil
      }, entry.toOpaque())
    guard code == 0 else {
      entry.release()
      return false
    }
    pthread_detach(thread)
    return true
  }
}
