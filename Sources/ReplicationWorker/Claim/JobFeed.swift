import Logging
import Shared

/// Claims the jobs of one class for one target, as many as can start at once and no more (I12).
///
/// The queue decides when to look, the database decides what is taken: lanes, turns between namespaces, the smallest
/// first, a share for the oldest. As long as there is work the feed goes on claiming; when there is none it waits for
/// the bell, and for the reconcile interval at the longest (I5, I6). While the target's breaker is open it claims
/// nothing, then one job to see whether the target works again; while nothing can be copied it claims slowly.
struct JobFeed: Sendable {
  let jobClass: JobClass
  let target: LocationID
  let claims: any JobClaims
  let slots: JobSlots
  let gate: TargetGate
  var brake = FutilityBrake()
  let bell: Bell
  let pace: FeedPace
  let pause: Pause
  let logger: Logger

  /// How a look for work ended.
  private enum Look {
    /// As many jobs as were asked for: there will be more.
    case full
    case partial
    case empty
    case notAllowed(for: Duration, seen: UInt64)
    case failed
    case cancelled
  }

  /// Hands claimed jobs to `hand` until cancelled; whoever gets one gives its slot back.
  func run(hand: @Sendable (ClaimedJob) -> Void) async {
    var last = ""
    var isBusy = false
    var failures = 0
    while !Task.isCancelled {
      let granted = await takeSlots(gathering: isBusy)
      guard granted > 0 else { return }
      // Before the look: what is announced during it makes the feed look again.
      let seen = bell.count
      let look = await look(granted: granted, after: &last, wasFailing: failures > 0, hand)
      isBusy = false
      failures = 0
      switch look {
      case .full:
        isBusy = true
        if brake.isOn { await pause(pace.brakeInterval) }
      case .partial:
        if brake.isOn { await pause(pace.brakeInterval) }
      case .empty: await bell.wait(after: seen, atMost: pace.jitteredInterval, pause)
      case .notAllowed(let time, let changes): await gate.wait(after: changes, atMost: time, pause)
      case .failed:
        failures += 1
        await pause(FeedPace.backoff(afterFailures: failures))
      case .cancelled: return
      }
    }
  }

  /// At least one slot and at most a batch; 0 when cancelled. A busy feed waits a moment for more than a few.
  private func takeSlots(gathering: Bool) async -> Int {
    let granted = await slots.take(upTo: pace.batch)
    guard gathering, granted > 0, granted < min(pace.batch, slots.count) / 8 else { return granted }
    await pause(pace.gathering)
    return granted + slots.takeFree(upTo: pace.batch - granted)
  }

  private func look(
    granted: Int, after last: inout String, wasFailing: Bool, _ hand: @Sendable (ClaimedJob) -> Void
  ) async -> Look {
    var isProbe = false
    switch await gate.enter() {
    case .open: break
    case .probe: isProbe = true
    case .closed(let time, let seen):
      slots.giveBack(granted)
      return .notAllowed(for: time, seen: seen)
    }
    let limit = isProbe ? 1 : granted
    let claimed: ClaimedJobs
    do {
      claimed = try await claim(limit: limit, after: last)
    } catch {
      slots.giveBack(granted)
      if isProbe { gate.probeEnded() }
      if Task.isCancelled { return .cancelled }
      if !wasFailing {
        logger.warning(
          "due jobs could not be claimed", metadata: ["target": "\(target)", "error": "\(error)"])
      }
      return .failed
    }
    slots.giveBack(granted - claimed.jobs.count)
    guard !claimed.jobs.isEmpty else {
      // The target answered its probe and nothing is left to try it with.
      if isProbe { gate.opened() }
      return .empty
    }
    last = claimed.lastNamespace
    for job in claimed.jobs { hand(ClaimedJob(job: job, slots: slots, isProbe: isProbe)) }
    return claimed.jobs.count >= limit ? .full : .partial
  }

  /// Claims in a task of its own: a claim cut off by SIGTERM would leave its jobs to run out their lease.
  private func claim(limit: Int, after last: String) async throws -> ClaimedJobs {
    try await Task { try await claims.claimDue(jobClass, after: last, limit: limit) }.value
  }
}
