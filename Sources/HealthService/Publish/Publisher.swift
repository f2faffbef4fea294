import Logging
import ServiceLifecycle
import Shared

/// Publishes this region's snapshot and reads the others', on a steady beat.
struct Publisher: Service {
  let board: any HealthBoard
  let state: HealthState
  let interval: Duration
  let logger: Logger

  /// Publishes until the task is cancelled or the process shuts down.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      var wasFailing = false
      while !Task.isCancelled {
        do {
          try await board.publish(state.snapshot)
          state.record(Exchange(observations: try await board.observations(), reachedDatabase: true))
          if wasFailing { logger.info("health board reached again") }
          wasFailing = false
        } catch {
          // Once per outage: the database probe reports the outage itself.
          if !wasFailing, !Task.isCancelled {
            logger.warning("health board cannot be reached", metadata: ["error": "\(error)"])
          }
          wasFailing = true
        }
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: interval * Double.random(in: 0.8...1.2))
      }
    }
  }
}
