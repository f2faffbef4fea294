import Logging
import Shared
import Synchronization

/// Extends the leases of the jobs in work, so that a long copy is not taken over while its worker lives.
final class LeaseKeeper: Sendable {
  private let catalog: Catalog
  private let lease: Duration
  private let logger: Logger
  private let held = Mutex<[JobID: ReplicationJob]>([:])

  /// Keeps leases of `lease` alive by extending them three times in that span.
  init(catalog: Catalog, lease: Duration, logger: Logger) {
    self.catalog = catalog
    self.lease = lease
    self.logger = logger
  }

  /// Begins to keep the job's lease.
  func hold(_ job: ReplicationJob) { held.withLock { $0[job.id] = job } }

  /// Stops keeping it, whatever became of the job.
  func letGo(_ job: ReplicationJob) {
    held.withLock { jobs in
      // Another attempt at the same job may be held by now, under another token.
      if jobs[job.id]?.leaseToken == job.leaseToken { jobs[job.id] = nil }
    }
  }

  /// Extends on a steady beat until cancelled. A beat that fails is only logged: the lease outlives two more, and a
  /// completion under a lost lease is refused by the catalog (I9).
  func run() async {
    while !Task.isCancelled {
      // Cancellation is the only error sleeping has, and the loop looks at it next.
      try? await ContinuousClock().sleep(for: lease / 3)
      let jobs = held.withLock { Array($0.values) }
      guard !jobs.isEmpty, !Task.isCancelled else { continue }
      do {
        _ = try await catalog.extendLeases(jobs, lease: lease)
      } catch  where !Task.isCancelled {
        logger.warning("leases could not be extended", metadata: ["jobs": "\(jobs.count)", "error": "\(error)"])
      } catch {
        return
      }
    }
  }
}
