import Logging
import ServiceLifecycle
import Shared

/// Prepares the database of a health service that was started while it was away, as soon as it is back.
///
/// A health service that would not start in an outage of the database would have its region counted as down for what all
/// regions share (H4).
struct CatalogPreparation: Service {
  let pending: PendingCatalog
  let isPrepared: Bool
  let logger: Logger
  var interval: Duration = .seconds(2)

  /// Returns whether it is prepared; throws what an operator has to mend.
  static func attempt(_ pending: PendingCatalog, logger: Logger) async throws -> Bool {
    do {
      try await pending.prepare()
      return true
    } catch {
      guard case StartupError.database(.unavailable) = error else {
        await pending.catalog.close()
        throw error
      }
      logger.warning("starting without the database", metadata: ["error": "\(error)"])
      return false
    }
  }

  /// Tries until it succeeds, then waits for shutdown; throws what an operator has to mend, which ends the process.
  func run() async throws {
    try await cancelWhenGracefulShutdown {
      var isPrepared = isPrepared
      while !isPrepared, !Task.isCancelled {
        // Cancellation is the only error sleeping has, and it is looked at next.
        try? await ContinuousClock().sleep(for: interval * Double.random(in: 0.8...1.2))
        guard !Task.isCancelled else { break }
        do {
          try await pending.prepare()
          isPrepared = true
          logger.info("the database is prepared")
        } catch {
          guard case StartupError.database(.unavailable) = error else { throw error }
        }
      }
    }
    // A service that returned would end all of them.
    try await gracefulShutdown()
  }
}
