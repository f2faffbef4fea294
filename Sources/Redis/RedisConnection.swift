/// The side of one connection that callers see: a bounded mailbox in front of the connection's own thread.
///
/// The thread starts with the first request. While the connection is down every request is refused at once with the
/// reason; while it is being made for the first time, or again after a loss, requests wait within their deadlines.
final class RedisConnection: Sendable {
  /// What the cancellation of a waiting caller does to the connection.
  enum CancellationEffect: Sendable {
    /// Nothing: the reply is dropped when it comes.
    case dropsReply
    /// The connection is closed at once, so that the server stops serving a command that blocks.
    case dropsConnection
  }

  private enum Availability {
    case open
    case down(RedisError)
    case closed
  }

  private struct State {
    var availability = Availability.open
    var waiting: [PendingRequest] = []
    var pendingCommands = 0
    var pendingBytes = 0
    var opened: Result<RedisLink, RedisError>?
    var mustDrop = false
    var wake: WakeSignal?
    var isAsleep = false
    var hasThread = false
    var closers: [CheckedContinuation<Void, Never>] = []

    mutating func wakeThread() {
      guard isAsleep else { return }
      isAsleep = false
      wake?.signal()
    }
  }

  /// What the thread finds in the mailbox.
  struct Intake {
    var requests: [PendingRequest]
    var opened: Result<RedisLink, RedisError>?
    var mustDrop: Bool
  }

  let configuration: RedisConfiguration
  private let cancellationEffect: CancellationEffect
  private let state = Locked(State())

  init(configuration: RedisConfiguration, cancellationEffect: CancellationEffect) {
    self.configuration = configuration
    self.cancellationEffect = cancellationEffect
  }

  /// Hands a request to the thread; returns the reason when it is refused.
  func submit(_ request: PendingRequest) -> RedisError? {
    state.withLock { state in
      switch state.availability {
      case .closed: return .closed
      case .down(let error): return error
      case .open: break
      }
      guard !request.isSettled else { return nil }
      guard request.commandCount <= configuration.maxPendingCommands - state.pendingCommands,
        request.encoded.count <= configuration.maxPendingBytes - state.pendingBytes
      else { return .overloaded }
      if !state.hasThread, let error = startThread(&state) { return error }
      request.markCounted()
      state.waiting.append(request)
      state.pendingCommands += request.commandCount
      state.pendingBytes += request.encoded.count
      state.wakeThread()
      return nil
    }
  }

  /// Fails a request whose caller was cancelled, and drops the connection if that is the effect.
  func cancel(_ request: PendingRequest) {
    let waiter = request.claim()
    if cancellationEffect == .dropsConnection {
      // Given back here and not by the thread, so that the caller's next command is not refused as one too many.
      // Under the lock after the claim: submit() looks at the claim under the same lock, so it either counted already or never will.
      release([request])
      state.withLock { state in
        state.mustDrop = true
        state.wakeThread()
      }
    }
    waiter?.resume(returning: .failure(.cancelled))
  }

  /// Refuses all further requests and lets the thread fail the waiting ones and end; does not wait for it.
  func beginClose() {
    state.withLock { state in
      state.availability = .closed
      state.wakeThread()
    }
  }

  /// Closes and waits until the thread is done.
  func close() async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        state.availability = .closed
        state.wakeThread()
        if state.hasThread { state.closers.append(continuation) }
        return !state.hasThread
      }
      if isDone { continuation.resume() }
    }
  }

  private func startThread(_ state: inout State) -> RedisError? {
    guard let wake = WakeSignal() else { return .connectionFailed("no file descriptor left") }
    let isStarted = DriverThread.start(name: "redis-io") { ConnectionLoop(connection: self, wake: wake).run() }
    guard isStarted else { return .connectionFailed("no thread left") }
    state.wake = wake
    state.hasThread = true
    return nil
  }
}

// The thread's side.
extension RedisConnection {
  /// Empties the mailbox; nil once the connection is to end.
  func takeIntake() -> Intake? {
    state.withLock { state in
      state.isAsleep = false
      if case .closed = state.availability { return nil }
      let intake = Intake(requests: state.waiting, opened: state.opened, mustDrop: state.mustDrop)
      if !state.waiting.isEmpty { state.waiting = [] }
      state.opened = nil
      state.mustDrop = false
      return intake
    }
  }

  /// True when the mailbox is empty; from then on a new entry makes the wake signal readable.
  func prepareToSleep() -> Bool {
    state.withLock { state in
      if case .closed = state.availability { return false }
      state.isAsleep = state.waiting.isEmpty && state.opened == nil && !state.mustDrop
      return state.isAsleep
    }
  }

  /// Sets the error for further requests, or nil to accept them.
  func announce(failure: RedisError?) {
    state.withLock { state in
      if case .closed = state.availability { return }
      state.availability = failure.map(Availability.down) ?? .open
    }
  }

  /// Brings the outcome of an attempt to connect; dropped, with its link, when the connection was closed meanwhile.
  func deliver(_ opened: Result<RedisLink, RedisError>) {
    state.withLock { state in
      if case .closed = state.availability { return }
      state.opened = opened
      state.wakeThread()
    }
  }

  /// Gives the requests' share of the bounds back; before their callers are resumed, so that they can come again.
  func release(_ requests: [PendingRequest]) {
    state.withLock { state in
      for request in requests where request.markReleased() {
        state.pendingCommands -= request.commandCount
        state.pendingBytes -= request.encoded.count
      }
    }
  }

  /// Takes out the requests the thread never saw; there will be no more once the connection is closed.
  func takeLeftover() -> [PendingRequest] {
    state.withLock { state in
      let leftover = state.waiting
      state.waiting = []
      state.opened = nil
      return leftover
    }
  }

  /// Ends the thread's part and lets `close()` return.
  func finish() {
    let closers = state.withLock { state in
      let closers = state.closers
      state.closers = []
      state.hasThread = false
      return closers
    }
    for closer in closers { closer.resume() }
  }
}
