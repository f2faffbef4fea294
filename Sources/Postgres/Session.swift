import Glibc
import Synchronization

/// One exclusive database session: a thread, and the libpq connection that never leaves it.
///
/// Life: opening → open → ended. ``SessionObserver`` hears of each step once, on the session's thread. Jobs run one at a
/// time in the order submitted; a job submitted after the end is answered at once.
final class Session: Sendable {
  typealias Job = @Sendable (WireConnection?) -> Void

  let wake: WakeSignal
  private let inbox = Locked(Inbox())
  private let rested = Atomic<Bool>(false)
  private let location = Atomic<Int>(0)

  private struct Inbox {
    var jobs = FIFO<Job>()
    var isStopping = false
    var hasEnded = false
  }

  init() throws(PostgresError) {
    wake = try WakeSignal()
  }

  /// Whether the session was sound, with nothing in flight and no open transaction, after its last job.
  var isAtRest: Bool { rested.load(ordering: .acquiring) }

  /// The server of the session within its group, once open.
  var server: Int { location.load(ordering: .acquiring) }

  /// Starts the thread, which connects first.
  ///
  /// - Returns: false if the system refuses a thread; the observer then hears nothing.
  func start(
    _ group: ServerGroup, _ configuration: PostgresConfiguration, notices: NoticeSink,
    observer: @escaping @Sendable (Session, SessionEvent) -> Void
  ) -> Bool {
    DriverThread.start("pg-session") { [self] in
      let opened = WireConnection.open(
        group, configuration, notices: notices, wake: wake, streamsRows: true,
        isStopping: { self.inbox.withLock { $0.isStopping } })
      switch opened {
      case .failure(let failure):
        finish()
        observer(self, .failed(failure))
      case .success(let wire):
        location.store(wire.server, ordering: .releasing)
        rested.store(true, ordering: .releasing)
        observer(self, .opened)
        serve(wire)
        rested.store(false, ordering: .releasing)
        finish()
        observer(self, .ended)
      }
    }
  }

  /// Has the session's thread look whether its server is still the primary.
  func reconsider() { wake.signal() }

  /// Ends the session once the jobs submitted so far are done.
  func stop() {
    inbox.withLock { $0.isStopping = true }
    wake.signal()
  }

  /// Runs `work` on the session's thread and returns its value.
  ///
  /// - Parameters:
  ///   - isInterruptible: whether cancelling the calling task raises the interrupt given to `work`.
  ///   - work: may block in libpq, must return only values; gets nil for the connection if the session has ended.
  /// - Returns: what `work` returned.
  func perform<T: Sendable>(
    isInterruptible: Bool = true,
    _ work: @escaping @Sendable (WireConnection, Interrupt?) -> Result<T, PostgresError>
  ) async -> Result<T, PostgresError> {
    let interrupt = isInterruptible ? Interrupt(wake: wake) : nil
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        submit { [self] wire in
          guard let wire else {
            continuation.resume(returning: .failure(.connectionLost("the session has ended")))
            return
          }
          let result = work(wire, interrupt)
          rested.store(wire.isAtRest, ordering: .releasing)
          continuation.resume(returning: result)
        }
      }
    } onCancel: {
      interrupt?.raise()
    }
  }

  private func submit(_ job: @escaping Job) {
    let isAccepted = inbox.withLock { inbox in
      guard !inbox.hasEnded else { return false }
      inbox.jobs.append(job)
      return true
    }
    if isAccepted { wake.signal() } else { job(nil) }
  }

  /// Runs jobs until stopped or the connection breaks; watches the idle socket, so that a session the server has ended
  /// is found out before it is lent again.
  private func serve(_ wire: WireConnection) {
    while wire.defect == nil {
      let (job, isStopping) = inbox.withLock { ($0.jobs.popFirst(), $0.isStopping) }
      if let job {
        job(wire)
        continue
      }
      if isStopping { return }
      if awaitReady(wire.socket, events: POLLIN, wake: wake, until: nil) { wire.takeInput() }
    }
  }

  private func finish() {
    let abandoned = inbox.withLock { inbox in
      inbox.hasEnded = true
      return inbox.jobs.removeAll()
    }
    for job in abandoned { job(nil) }
  }
}

/// A step in a session's life.
enum SessionEvent: Sendable {
  case opened
  case failed(ConnectFailure)
  /// The connection is closed: by ``Session/stop()``, by the server, or because it was condemned.
  case ended
}
