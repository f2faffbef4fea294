import Logging
import ServiceLifecycle
import Shared

/// Collects garbage again and again while a worker runs; of all workers one does each round.
struct CollectionService: Service {
  let collector: Collector
  /// The time between two rounds of all workers together.
  let interval: Duration
  let logger: Logger

  /// Looks on a jittered beat whether a round is due, until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let beat = min(interval, .seconds(60)) * Double.random(in: 0.5...1.5)
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: beat)
        guard !Task.isCancelled else { return }
        do {
          guard case .done(let tally, _) = try await collector.round(notWithin: interval), !tally.isEmpty else {
            continue
          }
          logger.info(
            "garbage collected",
            metadata: [
              "links": "\(tally.links)", "blobs": "\(tally.blobs)", "bytes": "\(tally.bytes)",
              "objects": "\(tally.objects)",
            ])
        } catch  where !Task.isCancelled {
          logger.warning("garbage collection was interrupted and goes on later", metadata: ["error": "\(error)"])
        } catch {
          return
        }
      }
    }
  }
}
