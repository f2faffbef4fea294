import CLibPQ
import Glibc

/// Finds the server to use among several and opens a session with it; runs on one thread, which it blocks.
///
/// The server known as the primary is tried first and taken at once. If it refuses, or is silent for a moment, all
/// others are asked side by side, so that a server that is gone costs no connect timeout. Of several that take writes
/// the one with the highest timeline wins; one that is behind what this process has seen is refused.
struct ServerElection {
  private let group: ServerGroup
  private let wake: WakeSignal?
  private let isStopping: () -> Bool
  private let attempts: [ServerAttempt]
  private let began: ContinuousClock.Instant
  private let favourite: Int?
  private var firstAcceptance: ContinuousClock.Instant?

  init(_ group: ServerGroup, wake: WakeSignal?, isStopping: @escaping () -> Bool) {
    self.group = group
    self.wake = wake
    self.isStopping = isStopping
    attempts = group.candidates.enumerated().map { ServerAttempt(server: $0.offset, target: $0.element) }
    favourite = group.favourite
    began = .now
  }

  /// An accepted connection, which the caller owns, and its server.
  struct Winner {
    let handle: OpaquePointer
    let server: Int
  }

  /// Asks until one server is chosen or all have refused, for at most the stagger and one connect timeout.
  mutating func run() -> Result<Winner, ConnectFailure> {
    while true {
      let now = ContinuousClock.now
      begin(at: now)
      refuseStale()
      if let leader = leader(at: now) {
        guard case .accepted(let timeline) = leader.stage, group.choose(leader.server, timeline: timeline) else {
          leader.refuse("\(leader.name) was overtaken by another primary")
          continue
        }
        if let handle = leader.takeHandle() { return .success(Winner(handle: handle, server: leader.server)) }
      }
      if let failure {
        group.doubt()
        return .failure(failure)
      }
      if isStopping() { return .failure(ConnectFailure(message: "the client is closing", isPermanent: true)) }
      awaitAnswers(until: nextInstant(after: now))
    }
  }

  /// Starts the favourite at once, and everybody else with it, after the stagger, or when it has refused.
  private func begin(at now: ContinuousClock.Instant) {
    let favourite = favourite.flatMap { server in attempts.first { $0.server == server } }
    if let favourite, case .waiting = favourite.stage { favourite.begin(at: now) }
    if let favourite, !favourite.isRefused, began.duration(to: now) < group.stagger { return }
    for attempt in attempts {
      if case .waiting = attempt.stage { attempt.begin(at: now) }
    }
  }

  /// Refuses servers that a promotion elsewhere has replaced (split brain: their writes would be lost).
  private func refuseStale() {
    let highest = group.timeline
    for attempt in attempts {
      guard case .accepted(let timeline?) = attempt.stage, timeline < highest else { continue }
      attempt.refuse("\(attempt.name) is a primary that was replaced: timeline \(timeline), \(highest) has been seen")
    }
  }

  /// The server to choose now, if there is no reason to wait for another's word.
  private mutating func leader(at now: ContinuousClock.Instant) -> ServerAttempt? {
    var best: (attempt: ServerAttempt, timeline: Int64)?
    for attempt in attempts {
      guard case .accepted(let timeline) = attempt.stage else { continue }
      if best.map({ ($0.timeline) < (timeline ?? 0) }) ?? true { best = (attempt, timeline ?? 0) }
    }
    guard let best else { return nil }
    let since = firstAcceptance ?? now
    firstAcceptance = since
    let isKnown = best.attempt.server == favourite
    // A raised timeline is proof of a promotion: whoever is silent has been replaced.
    let isPromoted = group.timeline > 0 && best.timeline > group.timeline
    let isUndisputed = !attempts.contains { $0.isPending }
    let isDue = since.duration(to: now) >= group.patience
    return isKnown || isPromoted || isUndisputed || isDue || !group.target.wantsPrimary ? best.attempt : nil
  }

  /// Why there will be no winner, once all have refused.
  private var failure: ConnectFailure? {
    var failures: [ConnectFailure] = []
    for attempt in attempts {
      guard case .refused(let failure) = attempt.stage else { return nil }
      failures.append(failure)
    }
    return ConnectFailure(
      message: failures.map(\.message).joined(separator: "; "), isPermanent: failures.allSatisfy(\.isPermanent))
  }

  private func nextInstant(after now: ContinuousClock.Instant) -> ContinuousClock.Instant {
    var instants = attempts.compactMap(\.expiry)
    if favourite != nil, began.duration(to: now) < group.stagger { instants.append(began + group.stagger) }
    if let firstAcceptance, attempts.contains(where: \.isAccepted) {
      instants.append(firstAcceptance + group.patience)
    }
    return instants.min() ?? now
  }

  private func awaitAnswers(until instant: ContinuousClock.Instant) {
    var asked: [ServerAttempt] = []
    // -1 skips the entry of an election without a wake signal.
    var descriptors = [pollfd(fd: wake?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)]
    for attempt in attempts {
      guard let interest = attempt.interest else { continue }
      asked.append(attempt)
      descriptors.append(interest)
    }
    // EINTR looks like a timeout: the caller loops.
    _ = poll(&descriptors, nfds_t(descriptors.count), ContinuousClock.now.pollTimeout(until: instant))
    if descriptors[0].revents != 0 { wake?.consume() }
    let now = ContinuousClock.now
    for (attempt, descriptor) in zip(asked, descriptors.dropFirst()) {
      attempt.advance(isReady: descriptor.revents != 0, at: now)
    }
  }
}
