import Logging
import ServiceLifecycle
import Shared

/// Deletes what the catalog has put on record as surplus at one location: copies made twice, uploads given up.
///
/// The catalog spares a key that has become a placement (I7). What fails is tried again when its claim runs out.
struct ObjectSweeper: Service {
  /// How long a claimed deletion is left alone before another attempt.
  private static let claim: Duration = .seconds(300)
  private static let batch = 100

  let store: any BlobStore
  let catalog: Catalog
  let logger: Logger

  /// Sweeps on a slow, jittered beat until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: .seconds(30) * Double.random(in: 0.5...1.5))
        guard !Task.isCancelled else { return }
        do {
          let count = try await sweep()
          if count > 0 {
            logger.info("surplus objects deleted", metadata: ["at": "\(store.location)", "count": "\(count)"])
          }
        } catch  where !Task.isCancelled {
          logger.warning("surplus objects could not be deleted", metadata: ["error": "\(error)"])
        } catch {
          return
        }
      }
    }
  }

  /// Puts the objects of abandoned uploads on record, then deletes one batch of what is due; returns how many are gone.
  func sweep() async throws -> Int {
    _ = try await catalog.expireUploads(limit: Self.batch)
    let due = try await catalog.claimObjectDeletions(at: [store.location], limit: Self.batch, lease: Self.claim)
    var gone: [ObjectDeletion] = []
    for deletion in due {
      do {
        if let upload = deletion.multipartID {
          try await store.abortMultipart(MultipartUpload(key: deletion.key, id: upload))
        } else {
          try await store.delete(deletion.key)
        }
        gone.append(deletion)
      } catch {
        logger.warning(
          "an object could not be deleted",
          metadata: ["at": "\(store.location)", "key": "\(deletion.key)", "error": "\(error)"])
      }
    }
    try await catalog.finishObjectDeletions(gone)
    return gone.count
  }
}
