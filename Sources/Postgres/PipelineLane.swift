import Glibc

/// One pipelined session for hot, independent reads.
///
/// Reads that arrive while a batch is in flight travel together in the next one, with one Sync (a third of the cost of a
/// Sync each: foundations.md). On a far server batches overlap, one per ``coalescing`` at most, so that no read waits
/// for the round trip of another. Reads that were aborted by a neighbour's error, or lost with the connection, are sent
/// once more, each with a Sync of its own.
final class PipelineLane: Sendable {
  let group: ServerGroup
  let configuration: PostgresConfiguration
  let notices: NoticeSink
  let sweeper: DeadlineSweeper
  let wake: WakeSignal
  let state: Locked<State>
  /// Shortest time between the starts of overlapping batches.
  let coalescing: Duration = .milliseconds(1)
  let maxBatch = 128
  /// Bound on reads in flight, so that one lane never outruns the server without limit.
  let maxInFlight = 1024

  struct State {
    var queue = FIFO<ReadRequest>()
    var inFlight = 0
    var isConnected = false
    var isRunning = false
    var isStopping = false
    var backoff: ReconnectBackoff
    var drains: [DrainWaiter] = []
  }

  init(
    _ group: ServerGroup, _ configuration: PostgresConfiguration, notices: NoticeSink, sweeper: DeadlineSweeper
  ) throws(PostgresError) {
    self.group = group
    self.configuration = configuration
    self.notices = notices
    self.sweeper = sweeper
    wake = try WakeSignal()
    state = Locked(State(backoff: ReconnectBackoff(configuration, hasChoice: group.hasChoice)))
  }

  /// Reads waiting or in flight.
  var outstanding: Int { state.withLock { $0.queue.count + $0.inFlight } }

  /// Queues a read, or answers it at once if it cannot be queued.
  func submit(_ request: ReadRequest) {
    let (refusal, mustStart, isConnected) = state.withLock { state -> (PostgresError?, Bool, Bool) in
      if state.isStopping { return (.closed, false, false) }
      if state.queue.count >= configuration.maxWaiters { return (.poolExhausted, false, false) }
      if !state.isConnected, case .fail(let error) = state.backoff.verdict(at: .now) { return (error, false, false) }
      state.queue.append(request)
      let mustStart = !state.isRunning
      state.isRunning = true
      return (nil, mustStart, state.isConnected)
    }
    if let refusal {
      request.answer(.failure(refusal))
      return
    }
    if mustStart, !DriverThread.start("pg-pipeline", { self.run() }) {
      state.withLock { $0.isRunning = false }
      request.answer(.failure(.connectionFailed("the system refuses another thread")))
      return
    }
    wake.signal()
    if !isConnected { sweeper.arm() }
  }

  /// Refuses new reads and ends the session once those accepted are answered.
  func stop() {
    state.withLock { $0.isStopping = true }
    wake.signal()
  }

  /// Stops and waits for the reads accepted so far, at most until `deadline`.
  func close(deadline: ContinuousClock.Instant) async {
    let waiter = DrainWaiter(deadline: deadline)
    let isRunning = state.withLock { state in
      state.isStopping = true
      if state.isRunning { state.drains.append(waiter) }
      return state.isRunning
    }
    wake.signal()
    guard isRunning else { return }
    sweeper.arm()
    await withTaskCancellationHandler {
      await waiter.wait()
    } onCancel: {
      waiter.finish()
    }
  }

  /// Puts reads back at the head of the queue for their second try; those already sent twice fail.
  func requeue(_ requests: [ReadRequest], lost error: PostgresError) {
    let (again, failed) = (requests.filter { $0.attempt == 0 }, requests.filter { $0.attempt > 0 })
    state.withLock { $0.queue.prepend(again.map(ReadRequest.init(retrying:))) }
    for request in failed { request.answer(.failure(error)) }
    if !again.isEmpty { sweeper.arm() }
  }
}

extension PipelineLane: DeadlineSweeper.Target {
  /// Answers what is late while there is no connection; with one, the lane's thread does it.
  func sweep(at now: ContinuousClock.Instant) -> Bool {
    expireQueue(at: now)
    let (drains, isBusy) = state.withLock { state in
      let drains = state.drains.filter { $0.deadline <= now }
      state.drains.removeAll { $0.deadline <= now }
      return (drains, !state.drains.isEmpty || (!state.isConnected && !state.queue.isEmpty))
    }
    for waiter in drains { waiter.finish() }
    return isBusy
  }

  /// Answers queued reads whose time is up.
  func expireQueue(at now: ContinuousClock.Instant) {
    let late = state.withLock { $0.queue.extract { $0.deadline <= now } }
    for request in late { request.answer(.failure(.deadlineExceeded)) }
  }
}
