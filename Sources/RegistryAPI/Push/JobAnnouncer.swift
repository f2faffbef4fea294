import Logging
import ServiceLifecycle
import Shared

/// Announces committed jobs to the queue, off the path of the request (decision D1).
///
/// Never fails a push: what does not fit, or cannot be sent, is dropped and counted, and the worker's reconciler finds it
/// in the catalog.
final class JobAnnouncer: Service {
  private let queue: any ReplicationQueue
  private let metrics: RegistryMetrics
  private let logger: Logger
  private let waiting: AsyncStream<[JobAnnouncement]>
  private let input: AsyncStream<[JobAnnouncement]>.Continuation

  /// Keeps the jobs of at most `capacity` commits waiting.
  init(queue: any ReplicationQueue, metrics: RegistryMetrics, logger: Logger, capacity: Int = 4096) {
    self.queue = queue
    self.metrics = metrics
    self.logger = logger
    (waiting, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(capacity))
  }

  /// Hands jobs over; returns at once.
  func announce(_ jobs: [JobAnnouncement]) {
    guard !jobs.isEmpty else { return }
    switch input.yield(jobs) {
    case .dropped, .terminated: metrics.announcementsDropped(jobs.count)
    case .enqueued: break
    @unknown default: break
    }
  }

  /// Announces until the service is shut down, then what is still waiting.
  func run() async throws {
    await withGracefulShutdownHandler {
      for await jobs in waiting { await send(jobs) }
    } onGracefulShutdown: {
      self.input.finish()
    }
  }

  private func send(_ jobs: [JobAnnouncement]) async {
    do {
      try await queue.announce(jobs)
    } catch {
      metrics.announcementsDropped(jobs.count)
      logger.debug("jobs were not announced; the reconciler finds them", metadata: ["error": "\(error)"])
    }
  }
}
