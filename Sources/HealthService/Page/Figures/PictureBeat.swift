import Logging
import ServiceLifecycle
import Shared

/// Reads what the page shows of replication on a steady beat, so that no request ever waits for the database or costs it
/// anything.
struct PictureBeat: Service {
  let catalog: Catalog
  let keeper: PictureKeeper
  let clock: HealthClock
  var interval: Duration = .seconds(5)
  /// A reading that takes longer has failed.
  var deadline: Duration = .seconds(4)
  /// The time between two readings of the history, and two rows of it.
  var historyInterval: Duration = .seconds(60)
  /// Whether rows of the history may be written: not while the registry is read-only.
  var writesHistory = true
  let logger: Logger

  /// How far the plot goes back, and how much time one of its points stands for.
  private static let (span, stretch) = (Duration.seconds(86_400), Duration.seconds(300))

  /// Reads until shutdown. A reading that fails is logged once; the page shows the last one and says how old it is.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      var history: (value: ReplicationHistory, atMs: Int64)?
      while !Task.isCancelled {
        let began = clock.monotonicMs()
        do {
          let isDue = history.map { began - $0.atMs >= Int64(historyInterval / .milliseconds(1)) } ?? true
          let kept = history?.value
          var picture = try await withDeadline(deadline) { try await read(history: isDue ? nil : kept) }
          picture.readAtMs = clock.monotonicMs()
          picture.wallMs = clock.wallMs()
          if isDue, let read = picture.history { history = (read, began) }
          keeper.keep(picture)
        } catch {
          guard !Task.isCancelled else { return }
          if keeper.failed() {
            logger.warning("what the page shows could not be read", metadata: ["error": "\(error)"])
          }
        }
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: interval * Double.random(in: 0.8...1.2))
      }
    }
  }

  /// Reads everything once, one statement after the other: the page may take one connection of the pool, not more. With
  /// no `history` at hand it is written and read too.
  func read(history: ReplicationHistory?) async throws -> ReplicationPicture {
    var picture = ReplicationPicture()
    picture.statuses = try await catalog.replicationStatus()
    picture.copiesByTarget = try await catalog.copiesUnderWayByTarget()
    picture.copies = try await catalog.copiesUnderWay(limit: ReplicationPicture.shown)
    picture.failures = try await catalog.recentFailures(within: Self.span, limit: ReplicationPicture.shown)
    picture.requests = try await catalog.verificationRequests()
    picture.rounds = try await catalog.sweeps(named: "verify-")
    if let history {
      picture.history = history
    } else {
      if writesHistory { try await catalog.recordHistory(picture.statuses.filter { $0.state != .removed }) }
      picture.history = try await catalog.replicationHistory(span: Self.span, stretch: Self.stretch)
    }
    return picture
  }
}

/// Runs `body` for at most `limit`; throws `ProbeError.deadlineExceeded` then.
func withDeadline<Value: Sendable>(
  _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await ContinuousClock().sleep(for: limit)
      throw ProbeError.deadlineExceeded(limit)
    }
    defer { group.cancelAll() }
    guard let value = try await group.next() else { throw CancellationError() }
    return value
  }
}
