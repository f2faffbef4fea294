import Logging
import ServiceLifecycle
import Shared

/// Takes up walks that nobody is at: those of killed commands, and those put on record with a namespace's change (G9).
struct BackfillKeeper: Service {
  let catalog: Catalog
  let defaultLocations: [LocationID]
  let holder: String
  let announce: @Sendable ([JobAnnouncement]) async -> Void
  let logger: Logger

  /// Looks on a slow, jittered beat until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: .seconds(15) * Double.random(in: 0.5...1.5))
        guard !Task.isCancelled else { return }
        do {
          _ = try await resumeAll()
        } catch {
          guard !Task.isCancelled else { return }
          logger.warning("an unfinished backfill could not be taken up", metadata: ["error": "\(error)"])
        }
      }
    }
  }

  /// Finishes every walk that was left unfinished; returns how many those were.
  func resumeAll() async throws -> Int {
    var resumed = 0
    for sweep in try await catalog.sweeps(named: BackfillScope.sweepPrefix) where sweep.cursor != nil {
      guard let scope = BackfillScope(sweepName: sweep.name) else { continue }
      let walk = BackfillWalk(
        catalog: catalog, scope: scope, defaultLocations: defaultLocations, holder: holder, announce: announce)
      guard try await walk.resume() else { continue }
      resumed += 1
      logger.info("an unfinished backfill was taken up and finished", metadata: ["sweep": "\(sweep.name)"])
    }
    return resumed
  }
}
