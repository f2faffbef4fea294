import CLibPQ
import Glibc

/// Starts the threads that may block in libpq, so that the cooperative pool never does.
enum DriverThread {
  /// Runs `body` on a new detached thread.
  ///
  /// - Returns: false if the system refuses another thread; `body` is then not run.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    let launch = Unmanaged.passRetained(Launch(name: name, body: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        let launch = Unmanaged<Launch>.fromOpaque(argument).takeRetainedValue()
        clibpq_name_thread(launch.name)
        launch.body()
        return nil
      }, launch.toOpaque())
    guard status == 0 else {
      launch.release()
      return false
    }
    return true
  }

  private final class Launch: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}

/// Waits until a descriptor is ready, the thread is woken or the deadline passes.
///
/// - Returns: whether `descriptor` is ready (also on error or hang-up, which the next read reports).
func awaitReady(
  _ descriptor: Int32, events: Int32, wake: WakeSignal, until deadline: ContinuousClock.Instant?
) -> Bool {
  var descriptors = [
    pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
    pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0),
  ]
  // -1 skips the second entry for a thread without a connection. EINTR looks like a timeout: every caller loops.
  _ = poll(&descriptors, 2, deadline.map { ContinuousClock.now.pollTimeout(until: $0) } ?? -1)
  if descriptors[0].revents != 0 { wake.consume() }
  return descriptors[1].revents != 0
}

extension ContinuousClock.Instant {
  /// Whole milliseconds until `deadline`, rounded up so that a loop does not spin, within 0 … one hour.
  func pollTimeout(until deadline: ContinuousClock.Instant) -> Int32 {
    let left = duration(to: deadline)
    guard left > .zero else { return 0 }
    guard left < .seconds(3600) else { return 3_600_000 }
    return Int32(clamping: left.milliseconds + 1)
  }
}

extension Duration {
  /// Whole milliseconds, rounded down, saturating.
  var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let (sum, sumOverflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
    return sumOverflow ? product : sum
  }
}
