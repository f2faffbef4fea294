import Logging
import Shared

/// The lock on an upload session while one request writes to it, across all instances and regions.
///
/// The lease is renewed while bytes stream. Losing it needs no alarm: every checkpoint and the commit are conditional on
/// the token, so a writer that has lost its lock can change nothing (invariant I9).
struct UploadLease: Sendable {
  /// A writer that dies keeps others away this long at most.
  static let duration = Duration.seconds(30)
  private static let renewal = Duration.seconds(10)

  let catalog: Catalog
  let id: UploadID
  let token: RandomIdentifier
  let logger: Logger

  /// Runs `body` while renewing the lease, and gives the lock back afterwards unless the session is gone by then.
  func whileHeld<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    do {
      let value = try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await renew() }
        let value = try await body()
        group.cancelAll()
        return value
      }
      await release()
      return value
    } catch {
      await release()
      throw error
    }
  }

  private func renew() async {
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: Self.renewal)
        guard try await catalog.extendUploadLock(id, token: token, lease: Self.duration) else { return }
      } catch is CancellationError {
        return
      } catch {
        logger.debug("an upload's lease was not renewed", metadata: ["upload": "\(id)", "error": "\(error)"])
      }
    }
  }

  private func release() async {
    do {
      try await catalog.unlockUpload(id, token: token)
    } catch {
      // The lease ends by itself, so the next writer waits at most its duration.
      logger.debug("an upload's lock was not given back", metadata: ["upload": "\(id)", "error": "\(error)"])
    }
  }
}
