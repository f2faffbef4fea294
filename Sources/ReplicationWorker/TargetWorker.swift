import Logging
import ServiceLifecycle
import Shared

/// Does all jobs of one target location; a worker has one of these per location, so that none delays another.
struct TargetWorker: Service {
  let feed: JobFeed
  let runner: JobRunner
  let leases: LeaseKeeper
  let slots: JobSlots
  let logger: Logger

  /// Works until shutdown, then stops claiming and lets the copies in flight finish; cancellation ends those too.
  func run() async throws {
    // Unbounded in form only: a job enters with a slot and the slots are limited (I12).
    let (jobs, continuation) = AsyncStream<ReplicationJob>.makeStream(bufferingPolicy: .unbounded)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await cancelWhenGracefulShutdown { await feed.run { continuation.yield($0) } }
        continuation.finish()
      }
      let keeping = Task { await leases.run() }
      group.addTask {
        await withDiscardingTaskGroup { running in
          for await job in jobs {
            running.addTask {
              await runner.run(job)
              slots.giveBack(1)
            }
          }
        }
      }
      await group.waitForAll()
      keeping.cancel()
    }
    logger.info("stopped working for target", metadata: ["target": "\(feed.target)"])
  }
}
