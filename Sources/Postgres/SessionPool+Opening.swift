extension SessionPool {
  /// Opens sessions for waiters that no session being opened will serve, as far as the bounds and the backoff allow.
  func openIfNeeded() {
    while let session = admitSession() {
      let isStarted = session.start(group, configuration, notices: notices) { [weak self] session, event in
        guard let self else {
          session.stop()
          return
        }
        observe(session, event)
      }
      if !isStarted {
        observe(session, .failed(ConnectFailure(message: "the system refuses another thread", isPermanent: false)))
      }
    }
  }

  private func admitSession() -> Session? {
    let (session, failed) = state.withLock { state -> (Session?, (PostgresError, [PoolWaiter])?) in
      guard !state.isClosed, state.members.count < configuration.poolSize, state.opening.count < state.waiters.count,
        // During an outage one attempt at a time is enough.
        state.opening.isEmpty || !state.backoff.isFailing, case .attempt = state.backoff.verdict(at: .now)
      else { return (nil, nil) }
      do throws(PostgresError) {
        let session = try Session()
        state.members[ObjectIdentifier(session)] = session
        state.opening.insert(ObjectIdentifier(session))
        return (session, nil)
      } catch {
        return (nil, (error, state.waiters.removeAll()))
      }
    }
    if let (error, waiters) = failed {
      for waiter in waiters { _ = waiter.answer(.failure(error)) }
    }
    return session
  }

  private func observe(_ session: Session, _ event: SessionEvent) {
    switch event {
    case .opened:
      state.withLock { state in
        state.opening.remove(ObjectIdentifier(session))
        state.opened += 1
        state.backoff.succeeded()
      }
      offer(session)
      openIfNeeded()
    case .failed(let failure): noteFailure(session, failure)
    case .ended:
      forget(session)
      openIfNeeded()
    }
  }

  private func noteFailure(_ session: Session, _ failure: ConnectFailure) {
    let (error, waiters, drained) = state.withLock { state -> (PostgresError, [PoolWaiter], [DrainWaiter]) in
      let now = ContinuousClock.now
      state.members[ObjectIdentifier(session)] = nil
      state.opening.remove(ObjectIdentifier(session))
      state.failed += 1
      state.backoff.failed(failure, at: now, jitter: .random(in: 0..<1))
      // Sessions that still work (e.g. 53300, too many connections) go on serving the queue.
      let hasWorkingSessions = state.members.count > state.opening.count
      guard !hasWorkingSessions, let error = state.backoff.exhaustsWaiters(at: now) else {
        return (failure.error, [], state.takeDrained())
      }
      return (error, state.waiters.removeAll(), state.takeDrained())
    }
    for waiter in waiters { _ = waiter.answer(.failure(error)) }
    for waiter in drained { waiter.finish() }
  }
}

extension SessionPool: DeadlineSweeper.Target {
  /// Answers waiters whose time is up and makes the connection attempts that have become due.
  func sweep(at now: ContinuousClock.Instant) -> Bool {
    let (late, error, isBusy) = state.withLock { state -> ([PoolWaiter], PostgresError, Bool) in
      let late = state.waiters.extract { $0.deadline <= now || $0.isAnswered }
      var error = PostgresError.deadlineExceeded
      if state.backoff.isFailing, state.members.count == state.opening.count, let failure = state.backoff.lastError {
        error = failure
      }
      return (late, error, !state.waiters.isEmpty || !state.drains.isEmpty)
    }
    for waiter in late { _ = waiter.answer(.failure(error)) }
    expireDrains(at: now)
    openIfNeeded()
    return isBusy
  }
}
