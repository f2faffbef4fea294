import CLibCurl
import Glibc

/// The side of a driving thread that tasks on other threads may touch: its command queue and its admission queue.
final class CurlLoop: Sendable {
  /// What other threads ask of the driving thread.
  enum Command {
    case start(Transfer)
    case abort(Transfer)
    case resumeReceive(Transfer)
    case resumeSend(Transfer)
  }

  private struct State {
    var inbox: [Command] = []
    var admission: AdmissionQueue<Transfer>
    /// Present while the poller exists.
    var waker: PollerWaker?
    /// Whether the driving thread sleeps, or is about to, and nobody has woken it yet.
    var needsWake = false
    var isStopping = false
    var hasExited = false
    var exitWaiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Guarded<State>

  /// libcurl's process-wide set-up, done once and never undone.
  private static let isLibraryReady: Bool = {
    // Chunks come and go by the thousand. By default glibc gives their memory back to the kernel each time, which then
    // clears every page of it anew: more work than receiving the bytes. What is kept is bounded by the largest amount ever
    // in use and by this figure.
    mt_keep_freed_memory(64 << 20, 4 << 20)
    return mt_curl_global_init() == CURLE_OK
  }()

  /// Makes the multi handle and starts the thread.
  init(configuration: HTTPTransportConfiguration, index: Int) throws(HTTPTransportError) {
    state = Guarded(
      State(
        admission: AdmissionQueue(
          maxPerOrigin: configuration.share(of: configuration.maxConnectionsPerHost),
          maxActive: configuration.share(of: configuration.maxTotalConnections),
          maxWaiting: configuration.maxQueuedRequests / configuration.threadCount)))
    guard Self.isLibraryReady else { throw .unavailable }
    let loop = self
    guard
      DrivingThread.start(name: "http-\(index)", { CurlLoopThread(loop: loop, configuration: configuration)?.run() })
    else { throw .unavailable }
  }

  // MARK: Any thread

  /// Queues a transfer, or starts it if there is room.
  func submit(_ transfer: Transfer) throws(HTTPTransportError) {
    try state.withLock { state throws(HTTPTransportError) in
      guard !state.isStopping else { throw .closed }
      switch state.admission.submit(transfer, id: ObjectIdentifier(transfer), origin: transfer.request.origin) {
      case .refused: throw .overloaded
      case .wait: break
      case .start: Self.enqueue(.start(transfer), &state)
      }
    }
  }

  /// Asks something of the driving thread; nothing happens after its end.
  func post(_ command: Command) {
    state.withLock { state in
      if case .abort(let transfer) = command, state.admission.withdraw(ObjectIdentifier(transfer)) { return }
      guard !state.hasExited else { return }
      Self.enqueue(command, &state)
    }
  }

  /// Asks the thread to abort everything and end.
  func requestStop() {
    state.withLock { state in
      state.isStopping = true
      Self.wake(&state)
    }
  }

  /// Waits for the thread's end.
  func awaitExit() async {
    await withCheckedContinuation { continuation in
      let hasExited = state.withLock { state in
        if !state.hasExited { state.exitWaiters.append(continuation) }
        return state.hasExited
      }
      if hasExited { continuation.resume() }
    }
  }

  /// Active and waiting transfers.
  var load: (active: Int, queued: Int) {
    state.withLock { ($0.admission.active, $0.admission.waiting) }
  }

  private static func enqueue(_ command: Command, _ state: inout State) {
    state.inbox.append(command)
    wake(&state)
  }

  private static func wake(_ state: inout State) {
    guard state.needsWake, let waker = state.waker else { return }
    state.needsWake = false
    waker.wake()
  }

  // MARK: Driving thread

  /// Lets other threads wake this thread from now on, until `detach`.
  func attach(_ waker: PollerWaker) { state.withLock { $0.waker = waker } }

  /// The commands since the last call, and whether to stop; then the commands stay for `detach`.
  func takeCommands() -> (commands: [Command], isStopping: Bool) {
    state.withLock { state in
      guard !state.isStopping else { return ([], true) }
      defer { state.inbox.removeAll(keepingCapacity: state.inbox.count < 4096) }
      return (state.inbox, false)
    }
  }

  /// Announces sleep.
  ///
  /// - Returns: `false` if there is something to do first.
  func prepareToSleep() -> Bool {
    state.withLock { state in
      guard state.inbox.isEmpty, !state.isStopping else { return false }
      state.needsWake = true
      return true
    }
  }

  /// Ends the sleep announced before, so that posts need no wake-up call.
  func noteAwake() { state.withLock { $0.needsWake = false } }

  /// Gives a connection slot back; the result holds it now.
  func release(_ origin: HTTPOrigin) -> Transfer? {
    state.withLock { state -> Transfer? in state.admission.release(origin) }
  }

  /// The transfers without a slot.
  var waitingTransfers: [Transfer] { state.withLock { $0.admission.waitingInOrder } }

  /// Refuses everything from now on and returns what is still queued, in either queue.
  func detach() -> [Transfer] {
    state.withLock { state in
      state.isStopping = true
      state.waker = nil
      var orphans = state.admission.waitingInOrder
      for command in state.inbox {
        if case .start(let transfer) = command { orphans.append(transfer) }
      }
      state.inbox = []
      return orphans
    }
  }

  /// Reports the thread's end.
  func noteExit() {
    let waiters = state.withLock { state in
      state.hasExited = true
      defer { state.exitWaiters = [] }
      return state.exitWaiters
    }
    for waiter in waiters { waiter.resume() }
  }
}
