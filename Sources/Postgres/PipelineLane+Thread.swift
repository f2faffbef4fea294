import Glibc

extension PipelineLane {
  /// The lane's thread: connects when there is something to read, serves until the connection breaks, starts over.
  func run() {
    while true {
      switch nextStep() {
      case .stop:
        finish()
        return
      case .wait(let instant): _ = awaitReady(-1, events: 0, wake: wake, until: instant)
      case .connect: connectAndServe()
      }
    }
  }

  private enum Step {
    case connect
    case wait(until: ContinuousClock.Instant?)
    case stop
  }

  private func nextStep() -> Step {
    state.withLock { state in
      if state.queue.isEmpty { return state.isStopping ? .stop : .wait(until: nil) }
      // A refusal concerns newcomers; whoever is still queued is waiting for the next attempt.
      switch state.backoff.verdict(at: .now) {
      case .attempt: return .connect
      case .wait(let instant): return .wait(until: instant)
      case .fail: return .wait(until: .now + configuration.reconnectDelay)
      }
    }
  }

  private func connectAndServe() {
    let opened = WireConnection.open(
      group, configuration, notices: notices, wake: wake, streamsRows: false,
      isStopping: { self.state.withLock { $0.isStopping && $0.queue.isEmpty } })
    switch opened {
    case .failure(let failure):
      let (error, failed) = state.withLock { state -> (PostgresError, [ReadRequest]) in
        state.backoff.failed(failure, at: .now, jitter: .random(in: 0..<1))
        guard let error = state.backoff.exhaustsWaiters(at: .now) else { return (failure.error, []) }
        return (error, state.queue.removeAll())
      }
      for request in failed { request.answer(.failure(error)) }
    case .success(let wire):
      state.withLock { state in
        state.backoff.succeeded()
        state.isConnected = true
      }
      var service = PipelineService(lane: self, wire: wire)
      let unanswered = service.serve()
      state.withLock { state in
        state.isConnected = false
        state.inFlight = 0
      }
      requeue(unanswered, lost: wire.defect ?? .connectionLost("the session has ended"))
      // Reads queued meanwhile wait for the next connection: their deadlines pass to the sweeper.
      sweeper.arm()
    }
  }

  private func finish() {
    let (rest, drains) = state.withLock { state in
      state.isRunning = false
      defer { state.drains = [] }
      return (state.queue.removeAll(), state.drains)
    }
    for request in rest { request.answer(.failure(.closed)) }
    for waiter in drains { waiter.finish() }
  }
}
