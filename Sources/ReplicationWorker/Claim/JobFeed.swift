import Logging
import Shared

/// Finds jobs for one target and claims no more than can start: by the doorbell, and by looking for due rows.
///
/// Both ways end in the same conditional claim in the database, so a job announced twice, or announced and found due,
/// is handed out once (I9).
struct JobFeed: Sendable {
  /// How the feed paces itself.
  struct Pace: Sendable {
    /// How long a claim lasts unless it is extended.
    var lease: Duration = .seconds(60)
    /// The most jobs claimed with one statement.
    var batch = 64
    /// How long one wait at the doorbell lasts.
    var doorbellWait: Duration = .seconds(5)
    /// The time between two looks for due rows, before jitter.
    var reconcileInterval: Duration = .seconds(3)
    /// Rows due for less than this are left to the doorbell.
    var reconcileGrace: Duration = .seconds(2)
    /// Messages a consumer took longer ago than this without acknowledging are taken over.
    var abandonedAfter: Duration = .seconds(60)
  }

  let target: LocationID
  let worker: String
  let catalog: Catalog
  let queue: any ReplicationQueue
  let slots: JobSlots
  let pace: Pace
  let logger: Logger

  /// Feeds claimed jobs to `hand` until cancelled; each comes with one slot that the receiver gives back.
  func run(hand: @escaping @Sendable (ReplicationJob) -> Void) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await listen(hand) }
      group.addTask { await reconcile(hand) }
      group.addTask { await recoverAbandoned(hand) }
    }
  }

  /// Waits at the doorbell. A queue that is away is only slow news: the reconciler works without it (I5, I6).
  private func listen(_ hand: @Sendable (ReplicationJob) -> Void) async {
    var failures = 0
    while !Task.isCancelled {
      let granted = await slots.take(upTo: pace.batch)
      guard granted > 0 else { return }
      var used = 0
      do {
        let deliveries = try await queue.receive(
          targets: [target], consumer: worker, limit: granted, wait: pace.doorbellWait)
        used = try await claim(deliveries, hand)
        if failures > 0 { logger.info("queue reached again", metadata: ["target": "\(target)"]) }
        failures = 0
      } catch  where !Task.isCancelled {
        failures += 1
        if failures == 1 {
          logger.warning(
            "queue cannot be used; due jobs are still found in the database",
            metadata: ["target": "\(target)", "error": "\(error)"])
        }
      } catch {
        slots.giveBack(granted)
        return
      }
      slots.giveBack(granted - used)
      if failures > 0 {
        let ceiling = min(5.0, 0.1 * Double(1 << min(failures, 10)))
        await sleep(.seconds(Double.random(in: 0.05...ceiling)))
      }
    }
  }

  /// Claims what was announced, hands it on and takes the messages out of the queue: from here the lease protects
  /// the jobs. Returns how many slots were used.
  private func claim(_ deliveries: [QueueDelivery], _ hand: @Sendable (ReplicationJob) -> Void) async throws -> Int {
    guard !deliveries.isEmpty else { return 0 }
    let jobs = try await catalog.claimJobs(ids: deliveries.map(\.id), worker: worker, lease: pace.lease)
    for job in jobs { hand(job) }
    do {
      try await queue.acknowledge(deliveries)
    } catch {
      // The jobs are claimed all the same; messages that stay behind are taken over later and found done.
      logger.debug("messages could not be acknowledged", metadata: ["error": "\(error)"])
    }
    return jobs.count
  }

  private func reconcile(_ hand: @Sendable (ReplicationJob) -> Void) async {
    var wasFailing = false
    while !Task.isCancelled {
      await sleep(pace.reconcileInterval * Double.random(in: 0.5...1.5))
      let granted = await slots.take(upTo: pace.batch)
      guard granted > 0 else { return }
      var used = 0
      do {
        let jobs = try await catalog.claimDueJobs(
          targets: [target], olderThan: pace.reconcileGrace, limit: granted, worker: worker, lease: pace.lease)
        for job in jobs { hand(job) }
        used = jobs.count
        wasFailing = false
      } catch  where !Task.isCancelled {
        if !wasFailing {
          logger.warning("due jobs could not be read", metadata: ["target": "\(target)", "error": "\(error)"])
        }
        wasFailing = true
      } catch {
        slots.giveBack(granted)
        return
      }
      slots.giveBack(granted - used)
    }
  }

  private func recoverAbandoned(_ hand: @Sendable (ReplicationJob) -> Void) async {
    while !Task.isCancelled {
      await sleep(pace.abandonedAfter * Double.random(in: 0.5...1.5))
      let granted = await slots.take(upTo: pace.batch)
      guard granted > 0 else { return }
      var used = 0
      do {
        let deliveries = try await queue.recoverAbandoned(
          targets: [target], consumer: worker, minimumIdle: pace.abandonedAfter, limit: granted)
        used = try await claim(deliveries, hand)
      } catch {
        // The listener reports an unreachable queue; nothing is lost by looking again later.
        logger.debug("abandoned messages could not be read", metadata: ["error": "\(error)"])
      }
      slots.giveBack(granted - used)
    }
  }

  private func sleep(_ duration: Duration) async {
    // Cancellation is the only error sleeping has, and every loop looks at it next.
    try? await ContinuousClock().sleep(for: duration)
  }
}
