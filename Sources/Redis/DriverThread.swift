import CHiredis
import Glibc

/// Starts operating-system threads for calls that block; none of them runs on Swift's cooperative pool.
enum DriverThread {
  private final class Body: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
      self.run = run
    }
  }

  /// Starts a detached thread that runs `body` once; false when the system refuses a thread.
  ///
  /// Signals meant for the process are blocked on it. SIGPIPE is among them because hiredis 0.14 writes with write(2):
  /// a peer that is gone is then an EPIPE and not the end of the process.
  static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    guard pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) == 0 else { return false }
    let named = Body {
      meridian_name_thread(name)
      blockProcessSignals()
      body()
    }
    let argument = Unmanaged.passRetained(named)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, &attributes,
      { pointer in
        if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
        return nil
      }, argument.toOpaque())
    if status != 0 { argument.release() }
    return status == 0
  }

  private static func blockProcessSignals() {
    var blocked = sigset_t()
    sigemptyset(&blocked)
    for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD] { sigaddset(&blocked, signal) }
    pthread_sigmask(SIG_BLOCK, &blocked, nil)
  }
}
