import CLibPQ

/// The servers of a URI, and which of them is the primary as far as this client knows; shared by all of its sessions.
///
/// A session is good only as long as its server is the chosen one: when another server turns out to be the primary, all
/// sessions elsewhere are given up, so that no write goes to a primary that was replaced. Which of two servers that
/// both take writes is the later primary is told by their timelines, a number PostgreSQL raises with every promotion
/// (manual, 26.3.6); a server behind the highest timeline seen is never used again by this process. Where servers do
/// not tell their timeline (a pooler in front, some managed services), the first one that takes writes is chosen.
final class ServerGroup: Sendable {
  /// The whole URI.
  let target: ConnectionTarget
  /// One target per server; a single one where libpq does the choosing.
  let candidates: [ConnectionTarget]
  /// How long the known primary is tried alone before the others are asked as well.
  let stagger: Duration = .milliseconds(250)
  /// How long a first choice waits for the others' word, once one server takes writes.
  let patience: Duration = .milliseconds(500)
  /// An exchange without any answer for so long has the servers asked whether there is another primary.
  let suspicionAge: Duration = .seconds(2)
  private let state = Locked(State())

  private struct State {
    var chosen: Int?
    /// No server gave a session when last asked: the next choice hears all of them.
    var isDoubtful = false
    var timeline: Int64 = 0
    var listeners: [@Sendable () -> Void] = []
    var lastInquiry: ContinuousClock.Instant?
    var isInquiring = false
    var moves = 0
  }

  init(_ target: ConnectionTarget) {
    self.target = target
    candidates = target.perHost
  }

  /// Whether there is anything to choose.
  var hasChoice: Bool { candidates.count > 1 }

  /// The server to try first: the one chosen last, unless it has refused since.
  var favourite: Int? { state.withLock { $0.isDoubtful ? nil : $0.chosen } }

  /// The highest timeline seen, 0 if none was.
  var timeline: Int64 { state.withLock { $0.timeline } }

  /// How often the primary was found at another server than before.
  var moves: Int { state.withLock { $0.moves } }

  /// Whether sessions with the server may be used.
  func isCurrent(_ server: Int) -> Bool {
    !hasChoice || !target.wantsPrimary || state.withLock { $0.chosen == nil || $0.chosen == server }
  }

  /// Calls `listener` whenever another server is chosen, on a session's thread: it must not block.
  func onMove(_ listener: @escaping @Sendable () -> Void) {
    state.withLock { $0.listeners.append(listener) }
  }

  /// Lets go of the listeners.
  func close() {
    state.withLock { $0.listeners = [] }
  }

  /// Chooses a server that has accepted a session.
  ///
  /// - Returns: false if a server with a higher timeline has been chosen meanwhile.
  func choose(_ server: Int, timeline: Int64?) -> Bool {
    let (isChosen, listeners) = state.withLock { state -> (Bool, [@Sendable () -> Void]) in
      guard (timeline ?? state.timeline) >= state.timeline else { return (false, []) }
      state.timeline = timeline ?? state.timeline
      defer { state.chosen = server }
      state.isDoubtful = false
      guard let before = state.chosen, before != server else { return (true, []) }
      state.moves += 1
      return (true, state.listeners)
    }
    for listener in listeners { listener() }
    return isChosen
  }

  /// Notes that no server gave a session. One that then returns as a primary may have been replaced meanwhile.
  func doubt() {
    state.withLock { $0.isDoubtful = true }
  }

  /// Notes that the chosen server is slow to answer; asks all servers, at most one inquiry at a time and one in
  /// ``suspicionAge``, from a thread of its own. If another one is the primary now, ``onMove(_:)``'s listeners hear.
  func suspect(_ server: Int, at now: ContinuousClock.Instant = .now) {
    guard hasChoice, target.wantsPrimary else { return }
    let mustAsk = state.withLock { state in
      guard !state.isInquiring, state.chosen == server else { return false }
      if let last = state.lastInquiry, last.duration(to: now) < suspicionAge { return false }
      state.lastInquiry = now
      state.isInquiring = true
      return true
    }
    guard mustAsk else { return }
    let isStarted = DriverThread.start("pg-inquiry") { [self] in
      // The answer is in the group's state; a failure changes nothing.
      var election = ServerElection(self, wake: nil, isStopping: { false })
      if case .success(let winner) = election.run() { PQfinish(winner.handle) }
      state.withLock { $0.isInquiring = false }
    }
    if !isStarted { state.withLock { $0.isInquiring = false } }
  }
}
