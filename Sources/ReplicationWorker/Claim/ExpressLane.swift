import Logging
import Shared

/// A few slots beside the others for blobs that somebody waits for, so that not even a worker full of large copies
/// makes them wait (G14).
///
/// What finds no slot here is not lost: its row is the first one the feeds claim.
struct ExpressLane: Sendable {
  let claims: any JobClaims
  let slots: JobSlots
  let gate: TargetGate
  let logger: Logger

  /// Claims as many of the jobs as there are free slots.
  func take(_ ids: [JobID], hand: @Sendable (ClaimedJob) -> Void) async {
    guard gate.isOpen else { return }
    let granted = slots.takeFree(upTo: ids.count)
    guard granted > 0 else { return }
    let wanted = Array(ids.prefix(granted))
    do {
      // In a task of its own: a claim cut off by SIGTERM would leave its jobs to run out their lease.
      let jobs = try await Task { try await claims.claim(wanted) }.value
      slots.giveBack(granted - jobs.count)
      for job in jobs { hand(ClaimedJob(job: job, slots: slots, isProbe: false)) }
    } catch {
      slots.giveBack(granted)
      // The feeds meet the same error and report it; the rows stay due.
      logger.debug("urgent jobs could not be claimed", metadata: ["error": "\(error)"])
    }
  }
}
