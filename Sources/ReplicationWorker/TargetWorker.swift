import Logging
import ServiceLifecycle
import Shared

/// Does all jobs of one target location; a worker has one of these per location, so that none delays another.
struct TargetWorker: Service {
  let doorbell: Doorbell
  let express: ExpressLane
  /// One for each class of blob.
  let feeds: [JobFeed]
  /// Takes a job to its end; ends early when cancelled, with what is done so far kept and the job given back.
  let work: @Sendable (ReplicationJob) async -> Void
  let leases: LeaseKeeper
  let gate: TargetGate
  let pace: FeedPace
  let pause: Pause
  let logger: Logger

  /// Works until shutdown, then claims nothing more, cuts large copies at once and lets small ones finish within the
  /// grace; cancellation ends those too.
  func run() async throws {
    // Unbounded in form only: a job enters with a slot and the slots are limited (I12).
    let (jobs, continuation) = AsyncStream<ClaimedJob>.makeStream(bufferingPolicy: .unbounded)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await cancelWhenGracefulShutdown { await claim { continuation.yield($0) } }
        continuation.finish()
      }
      group.addTask {
        await withTaskGroup(of: Void.self) { keeping in
          keeping.addTask { await leases.run() }
          await perform(jobs)
          keeping.cancelAll()
        }
      }
    }
    logger.info("stopped working for target", metadata: ["target": "\(doorbell.target)"])
  }

  /// Hands out jobs until cancelled.
  private func claim(_ hand: @escaping @Sendable (ClaimedJob) -> Void) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await doorbell.run { ids in await express.take(ids, hand: hand) } }
      for feed in feeds { group.addTask { await feed.run(hand: hand) } }
    }
  }

  private func perform(_ jobs: AsyncStream<ClaimedJob>) async {
    await withDiscardingTaskGroup { running in
      for await claimed in jobs {
        running.addTask {
          await perform(claimed.job)
          if claimed.isProbe { gate.probeEnded() }
          claimed.slots.giveBack(1)
        }
      }
    }
  }

  private func perform(_ job: ReplicationJob) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await leases.keeping(job) { await work(job) } }
      group.addTask { await timeToStop(job) }
      await group.next()
      group.cancelAll()
    }
  }

  /// Returns once a copy of the job is to be cut off: soon after shutdown has begun, or when its task is cancelled.
  private func timeToStop(_ job: ReplicationJob) async {
    do {
      try await gracefulShutdown()
    } catch {
      // Cancelled: the copy has ended, or everything is to end now.
      return
    }
    // A large copy is taken up again from its checkpoint by another worker; a small one is done sooner than that.
    if JobClass(sizeBytes: job.sizeBytes) == .small { await pause(pace.shutdownGrace) }
  }
}
