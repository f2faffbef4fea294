/// Lends exclusive sessions: a bounded number, opened when first needed, to callers served first come, first served.
///
/// A session is, at any time, opening, idle, or lent to one caller; `members` counts all three. One that ends, breaks or
/// comes back unfit (open transaction, unconfirmed cancellation, read-only or replaced server) is dropped and a new one opened when
/// somebody needs it.
final class SessionPool: Sendable {
  let group: ServerGroup
  let configuration: PostgresConfiguration
  let notices: NoticeSink
  let sweeper: DeadlineSweeper
  let state: Locked<State>

  struct State {
    var idle: [Idle] = []
    var members: [ObjectIdentifier: Session] = [:]
    var opening: Set<ObjectIdentifier> = []
    var waiters = FIFO<PoolWaiter>()
    var backoff: ReconnectBackoff
    var isClosed = false
    var drains: [DrainWaiter] = []
    var opened = 0
    var failed = 0
    var discarded = 0
  }

  struct Idle {
    let session: Session
    let since: ContinuousClock.Instant
  }

  init(
    _ group: ServerGroup, _ configuration: PostgresConfiguration, notices: NoticeSink, sweeper: DeadlineSweeper
  ) {
    self.group = group
    self.configuration = configuration
    self.notices = notices
    self.sweeper = sweeper
    state = Locked(State(backoff: ReconnectBackoff(configuration, hasChoice: group.hasChoice)))
  }

  /// Borrows a session; give it back with ``release(_:isFit:)``.
  ///
  /// - Throws: ``PostgresError/poolExhausted``, ``PostgresError/deadlineExceeded`` after the acquire timeout,
  ///   ``PostgresError/connectionFailed(_:)``, ``PostgresError/cancelled``, ``PostgresError/closed``.
  func acquire(deadline: ContinuousClock.Instant) async throws(PostgresError) -> Session {
    let patience = min(deadline, ContinuousClock.now + configuration.acquireTimeout)
    while true {
      if Task.isCancelled { throw .cancelled }
      switch try admit(patience) {
      case .idle(let idle):
        guard group.isCurrent(idle.session.server) else {
          release(idle.session, isFit: false)
          continue
        }
        let age = idle.since.duration(to: .now)
        guard age > configuration.idleCheckAge else { return idle.session }
        let limits = ExchangeLimits(
          deadline: min(patience, .now + configuration.cancelGrace), grace: configuration.cancelGrace)
        if await idle.session.answers(limits) { return idle.session }
        release(idle.session, isFit: false)
      case .wait(let waiter):
        openIfNeeded()
        sweeper.arm()
        let answer = await withTaskCancellationHandler {
          await waiter.wait()
        } onCancel: {
          _ = waiter.answer(.failure(.cancelled))
        }
        return try answer.get()
      }
    }
  }

  private enum Admission {
    case idle(Idle)
    case wait(PoolWaiter)
  }

  private func admit(_ deadline: ContinuousClock.Instant) throws(PostgresError) -> Admission {
    try state.withLock { state throws(PostgresError) -> Admission in
      guard !state.isClosed else { throw .closed }
      if let idle = state.idle.popLast() { return .idle(idle) }
      if state.members.count == state.opening.count, case .fail(let error) = state.backoff.verdict(at: .now) {
        throw error
      }
      if state.waiters.count >= configuration.maxWaiters {
        // Those who gave up (cancelled) no longer count.
        _ = state.waiters.extract { $0.isAnswered }
        guard state.waiters.count < configuration.maxWaiters else { throw .poolExhausted }
      }
      let waiter = PoolWaiter(deadline: deadline)
      state.waiters.append(waiter)
      return .wait(waiter)
    }
  }

  /// Takes a session back: to the next waiter, to the idle ones, or out of the pool.
  func release(_ session: Session, isFit: Bool) {
    guard isFit, session.isAtRest, group.isCurrent(session.server) else {
      session.stop()
      forget(session)
      openIfNeeded()
      return
    }
    offer(session)
  }

  /// Gives a sound session to the first waiter that still wants it, or keeps it idle.
  func offer(_ session: Session) {
    while true {
      let (waiter, isRefused) = state.withLock { state -> (PoolWaiter?, Bool) in
        guard state.members[ObjectIdentifier(session)] != nil, !state.isClosed else { return (nil, true) }
        if let waiter = state.waiters.popFirst() { return (waiter, false) }
        state.idle.append(Idle(session: session, since: .now))
        return (nil, false)
      }
      if isRefused {
        session.stop()
        forget(session)
        return
      }
      guard let waiter else { return }
      if waiter.answer(.success(session)) { return }
    }
  }

  /// Gives up idle sessions with other servers than the primary's, and has those at work find out.
  func reconsider() {
    let (stale, lent) = state.withLock { state in
      let stale = state.idle.map(\.session).filter { !group.isCurrent($0.server) }
      state.idle.removeAll { !group.isCurrent($0.session.server) }
      return (stale, Array(state.members.values))
    }
    for session in stale { release(session, isFit: false) }
    for session in lent { session.reconsider() }
  }

  /// Takes a session off the books, once.
  func forget(_ session: Session) {
    let drained = state.withLock { state -> [DrainWaiter] in
      guard state.members.removeValue(forKey: ObjectIdentifier(session)) != nil else { return [] }
      state.idle.removeAll { $0.session === session }
      state.discarded += 1
      return state.takeDrained()
    }
    for waiter in drained { waiter.finish() }
  }
}
