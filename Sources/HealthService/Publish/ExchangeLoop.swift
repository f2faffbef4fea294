import Logging
import ServiceLifecycle
import Shared

/// Publishes this service's snapshot and reads the others' by one way, on a steady beat.
///
/// Each way has a loop of its own, so that one that hangs does not silence the other. Beats of one way never overlap.
struct ExchangeLoop: Service {
  let way: ExchangeWay
  let state: HealthState
  let logger: Logger
  var interval: Duration = .seconds(2)
  /// One beat: publishes and returns what was read.
  let beat: @Sendable (RegionSnapshot) async throws -> Exchange

  /// Publishes until the task is cancelled or the process shuts down.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      var wasFailing = false
      while !Task.isCancelled {
        do {
          state.record(try await beat(state.snapshot))
          if wasFailing {
            logger.info("the other health services are reached again", metadata: ["by": "\(way.rawValue)"])
          }
          wasFailing = false
        } catch {
          // Once per outage: the probe of the component reports the outage itself.
          if !wasFailing, !Task.isCancelled {
            logger.warning(
              "the other health services cannot be reached", metadata: ["by": "\(way.rawValue)", "error": "\(error)"])
          }
          wasFailing = true
        }
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: interval * Double.random(in: 0.8...1.2))
      }
    }
  }
}

extension ExchangeLoop {
  /// The loop over the database, which has the last word on drains.
  static func database(_ board: CatalogHealthBoard, state: HealthState, logger: Logger) -> ExchangeLoop {
    ExchangeLoop(way: .database, state: state, logger: logger) { snapshot in
      // Reading comes first: a database that takes no writes still tells.
      var exchange = Exchange(observations: try await board.observations())
      exchange.drains = (try await board.drains(), 0)
      exchange.reachedDatabase = true
      state.record(exchange)
      try await board.publish(snapshot)
      return Exchange(reachedDatabase: true)
    }
  }

  /// The loop over Redis, which keeps a copy of the drains for those who cannot reach the database.
  static func redis(_ board: RedisHealthBoard, state: HealthState, logger: Logger) -> ExchangeLoop {
    ExchangeLoop(way: .redis, state: state, logger: logger) { snapshot in
      try await board.publish(snapshot)
      var exchange = Exchange(observations: try await board.observations())
      exchange.reachedRedis = true
      if let list = state.drainList { try await board.mirror(list) }
      exchange.drains = try await board.drains()
      return exchange
    }
  }
}
