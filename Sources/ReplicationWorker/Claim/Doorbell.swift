import Logging
import Shared

/// Listens to the queue for one target and rings; what is to be done the feeds ask the database.
///
/// A message is taken out of the queue as soon as it has rung: the row it speaks of is in the jobs table, and the
/// reconcile interval finds what a lost message would have announced (I5, I6). Messages of the urgent lane also name a
/// job that somebody waits for; they are passed on.
struct Doorbell: Sendable {
  let target: LocationID
  let consumer: String
  let queue: any ReplicationQueue
  let bell: Bell
  let pace: FeedPace
  let pause: Pause
  let logger: Logger

  /// Rings until cancelled; `urgent` gets the jobs announced in the urgent lane. A queue that is away is only slow news.
  func run(urgent: @escaping @Sendable ([JobID]) async -> Void) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await listen(urgent) }
      group.addTask { await recoverAbandoned() }
    }
  }

  private func listen(_ urgent: @Sendable ([JobID]) async -> Void) async {
    var failures = 0
    while !Task.isCancelled {
      do {
        let deliveries = try await queue.receive(
          targets: [target], consumer: consumer, limit: pace.messages, wait: pace.doorbellWait)
        if failures > 0 { logger.info("queue reached again", metadata: ["target": "\(target)"]) }
        failures = 0
        guard !deliveries.isEmpty else { continue }
        bell.ring()
        let wanted = deliveries.filter { $0.lane == .urgent }.map(\.id)
        if !wanted.isEmpty { await urgent(wanted) }
        await acknowledge(deliveries)
      } catch {
        guard !Task.isCancelled else { return }
        failures += 1
        if failures == 1 {
          logger.warning(
            "queue cannot be used; due jobs are still found in the database",
            metadata: ["target": "\(target)", "error": "\(error)"])
        }
        await pause(FeedPace.backoff(afterFailures: failures))
      }
    }
  }

  private func acknowledge(_ deliveries: [QueueDelivery]) async {
    do {
      try await queue.acknowledge(deliveries)
    } catch {
      // They have rung; messages that stay behind are taken over later and ring once more.
      logger.debug("messages could not be acknowledged", metadata: ["error": "\(error)"])
    }
  }

  /// Rings for messages that a worker took and died with.
  private func recoverAbandoned() async {
    while !Task.isCancelled {
      await pause(pace.abandonedAfter * Double.random(in: 0.5...1.5))
      guard !Task.isCancelled else { return }
      do {
        let deliveries = try await queue.recoverAbandoned(
          targets: [target], consumer: consumer, minimumIdle: pace.abandonedAfter, limit: pace.messages)
        guard !deliveries.isEmpty else { continue }
        bell.ring()
        await acknowledge(deliveries)
      } catch {
        // The listener reports an unreachable queue; nothing is lost by looking again later.
        logger.debug("abandoned messages could not be read", metadata: ["error": "\(error)"])
      }
    }
  }
}
