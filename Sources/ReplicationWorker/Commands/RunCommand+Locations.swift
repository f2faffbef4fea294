import Logging
import Shared

/// What the states of the locations mean for a worker (G11).
extension RunCommand {
  /// Refuses a target that was removed; says so where one takes no copies and only its deletions are left to be done.
  func check(_ targets: [LocationID], catalog: Catalog, logger: Logger) async throws {
    let states = Dictionary(try await catalog.locations()) { first, _ in first }
    for target in targets {
      switch states[target] {
      case .removed:
        await catalog.close()
        throw StartupError.refused(
          "\(target) was removed from the registry: there is nothing to copy to it; its objects are deleted by "
            + "'remove-location \(target) --delete-objects'")
      case .readOnly:
        logger.warning(
          "the target is read-only: this worker leaves it as it is until it is active again",
          metadata: ["target": "\(target)"])
      case .draining:
        // It gets no jobs, so the worker finds none; once it is brought back, the worker goes on without a restart.
        logger.warning(
          "the target takes no copies: this worker only deletes there",
          metadata: ["target": "\(target)", "state": "\(states[target]?.rawValue ?? "")"])
      case .joining, .active, nil: break
      }
    }
  }

  /// The service that takes up backfills nobody is at.
  func keeper(
    of catalog: Catalog, queue: any ReplicationQueue, configuration: Configuration, worker: String
  ) -> BackfillKeeper {
    BackfillKeeper(
      catalog: catalog, defaultLocations: configuration.requiredLocations, holder: worker,
      announce: { jobs in
        // Best effort: without Redis the jobs are found in the database (D1).
        try? await queue.announce(jobs)
      }, logger: Logger(label: "replication-worker"))
  }
}
