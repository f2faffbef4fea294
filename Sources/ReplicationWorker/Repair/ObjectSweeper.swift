import Logging
import ServiceLifecycle
import Shared

/// Deletes what the catalog has put on record at one location: collected blobs, copies made twice, uploads given up.
///
/// Each region's worker does this for its own locations, so no region needs to reach another's store. The catalog
/// spares what is in use (I7). What fails is written down with its reason and comes again later: nothing leaks.
struct ObjectSweeper: Service {
  /// How a sweeper paces itself.
  struct Pace: Sendable {
    /// The time between two looks while there is nothing to do, before jitter.
    var interval: Duration = .seconds(30)
    /// How long a claimed deletion is left alone before another worker may take it.
    var claim: Duration = .seconds(300)
    /// The most deletions claimed with one statement.
    var batch = 200
    /// The most deletions under way at once.
    var parallel = 8
  }

  /// What a batch came to.
  struct Result: Sendable, Hashable {
    var claimed = 0
    var deleted = 0
    var failed = 0
  }

  let store: any BlobStore
  let catalog: Catalog
  var pace = Pace()
  var metrics = CollectionMetrics(registry: .shared)
  let logger: Logger

  /// Sweeps on a jittered beat until shutdown; batch after batch while there is more.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: pace.interval * Double.random(in: 0.5...1.5))
        guard !Task.isCancelled else { return }
        do {
          try await sweepAll()
        } catch  where !Task.isCancelled {
          logger.warning(
            "objects on record could not be deleted", metadata: ["at": "\(store.location)", "error": "\(error)"])
        } catch {
          return
        }
      }
    }
  }

  /// Deletes batch after batch until one is not full, or the store seems to be away.
  private func sweepAll() async throws {
    var total = Result()
    repeat {
      let result = try await sweep()
      total.deleted += result.deleted
      total.failed += result.failed
      guard result.claimed == pace.batch, result.failed == 0 else { break }
    } while !Task.isCancelled
    if total.deleted > 0 || total.failed > 0 {
      logger.info(
        "objects on record deleted",
        metadata: ["at": "\(store.location)", "deleted": "\(total.deleted)", "failed": "\(total.failed)"])
    }
    for backlog in try await catalog.deletionBacklog() where backlog.location == store.location {
      metrics.report(backlog)
      return
    }
    metrics.reportNoBacklog(at: store.location)
  }

  /// Puts the objects of abandoned uploads on record, then deletes one batch of what is due.
  @discardableResult
  func sweep() async throws -> Result {
    _ = try await catalog.expireUploads(limit: pace.batch)
    let due = try await catalog.claimObjectDeletions(at: [store.location], limit: pace.batch, lease: pace.claim)
    guard !due.isEmpty else { return Result() }
    let outcomes = await deleteAll(due)
    try await catalog.finishObjectDeletions(outcomes.deleted)
    try await catalog.failObjectDeletions(outcomes.failed)
    metrics.deleted(outcomes.deleted.count, failed: outcomes.failed.count, at: store.location)
    if let first = outcomes.failed.first {
      logger.warning(
        "objects could not be deleted; they are tried again later",
        metadata: ["at": "\(store.location)", "count": "\(outcomes.failed.count)", "error": "\(first.error)"])
    }
    return Result(claimed: due.count, deleted: outcomes.deleted.count, failed: outcomes.failed.count)
  }

  private typealias Outcomes = (deleted: [ObjectDeletion], failed: [(deletion: ObjectDeletion, error: String)])

  /// Deletes `pace.parallel` at a time. After a failure of the whole store the rest is not tried: it would only wait.
  private func deleteAll(_ due: [ObjectDeletion]) async -> Outcomes {
    await withTaskGroup(of: (ObjectDeletion, StorageError?).self) { group in
      var outcomes: Outcomes = ([], [])
      var waiting = due[...]
      var storeFailure: StorageError?
      for deletion in waiting.prefix(pace.parallel) { group.addTask { (deletion, await delete(deletion)) } }
      waiting = waiting.dropFirst(pace.parallel)
      while let (deletion, error) = await group.next() {
        if let error {
          outcomes.failed.append((deletion, error.description))
          if error.isStoreFailure { storeFailure = error }
        } else {
          outcomes.deleted.append(deletion)
        }
        guard storeFailure == nil, let next = waiting.popFirst() else { continue }
        group.addTask { (next, await delete(next)) }
      }
      if let storeFailure { outcomes.failed += waiting.map { ($0, "not tried: \(storeFailure)") } }
      return outcomes
    }
  }

  private func delete(_ deletion: ObjectDeletion) async -> StorageError? {
    do throws(StorageError) {
      if let upload = deletion.multipartID {
        try await store.abortMultipart(MultipartUpload(key: deletion.key, id: upload))
      } else {
        try await store.delete(deletion.key)
      }
      return nil
    } catch {
      return error
    }
  }
}
