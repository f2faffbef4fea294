import Logging
import Shared
import Synchronization

/// Extends the leases of the jobs in work, so that a long copy is not taken over while its worker lives, and ends copies
/// whose lease is lost.
final class LeaseKeeper: Sendable {
  private struct Held {
    let job: ReplicationJob
    /// Rung when the lease is lost.
    let lost: Bell
  }

  private let lease: Duration
  private let pause: Pause
  private let extend: @Sendable ([ReplicationJob], Duration) async throws -> Set<JobID>
  private let logger: Logger
  private let held = Mutex<[JobID: Held]>([:])

  /// Keeps leases of `lease` alive by extending them three times in that span.
  ///
  /// `extend` prolongs leases and returns the jobs still held (`Catalog.extendLeases`).
  init(
    lease: Duration, pause: Pause = .real, logger: Logger,
    extend: @escaping @Sendable ([ReplicationJob], Duration) async throws -> Set<JobID>
  ) {
    self.lease = lease
    self.pause = pause
    self.logger = logger
    self.extend = extend
  }

  /// The number of leases kept.
  var count: Int { held.withLock(\.count) }

  /// Does `work` under the job's lease; cancels it when the lease is lost, and returns when it has ended.
  func keeping(_ job: ReplicationJob, _ work: @escaping @Sendable () async -> Void) async {
    let lost = Bell()
    held.withLock { $0[job.id] = Held(job: job, lost: lost) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await work() }
      group.addTask { await lost.wait(after: 0) }
      await group.next()
      group.cancelAll()
    }
    held.withLock { jobs in
      // Another attempt at the same job may be held by now, under another token.
      if jobs[job.id]?.lost === lost { jobs[job.id] = nil }
    }
  }

  /// Extends on a steady beat until cancelled.
  func run() async {
    while !Task.isCancelled {
      await pause(lease / 3)
      guard !Task.isCancelled else { return }
      await beat()
    }
  }

  /// Extends every lease once. A beat that fails is only logged: the lease outlives two more, and a completion under a
  /// lost lease is refused by the catalog (I9).
  func beat() async {
    let jobs = held.withLock { $0.values.map(\.job) }
    guard !jobs.isEmpty else { return }
    do {
      let still = try await extend(jobs, lease)
      for job in jobs where !still.contains(job.id) { drop(job) }
    } catch {
      guard !Task.isCancelled else { return }
      logger.warning("leases could not be extended", metadata: ["jobs": "\(jobs.count)", "error": "\(error)"])
    }
  }

  /// Ends the work on a job that is somebody else's now, or was done while its lease was being extended.
  private func drop(_ job: ReplicationJob) {
    let lost = held.withLock { jobs -> Bell? in
      guard let entry = jobs[job.id], entry.job.leaseToken == job.leaseToken else { return nil }
      return entry.lost
    }
    guard let lost else { return }
    logger.info("a lease is held no more; its copy ends", metadata: ["job": "\(job.id)", "target": "\(job.target)"])
    lost.ring()
  }
}
