import Logging
import ServiceLifecycle
import Shared
import Synchronization

/// Asks for copies at home of blobs that were just served from another region's store, behind the requests (G14).
///
/// Best effort and bounded: a blob is asked for once in `interval`, and what does not fit is dropped, for the job that
/// brings the blob exists anyway and only waits longer (I5).
final class UrgentCopies: Service {
  /// How a queue of wishes is bounded.
  struct Limits: Sendable {
    /// A blob asked for less than this ago is not asked for again.
    var interval: Duration = .seconds(60)
    /// Blobs that may wait to be asked for.
    var waiting = 1024
    /// Blobs remembered as asked for; while none of them can be forgotten, further ones are dropped.
    var remembered = 16_384
    /// Blobs asked for with one statement.
    var batch = 256
  }

  private struct State {
    var waiting: [BlobID] = []
    var asked: [BlobID: ContinuousClock.Instant] = [:]
    /// Nothing can be forgotten before this.
    var nextForgetting: ContinuousClock.Instant?
  }

  private let home: LocationID
  private let isDefaultLocation: Bool
  private let catalog: Catalog
  private let announcer: JobAnnouncer
  private let metrics: RegistryMetrics
  private let limits: Limits
  private let logger: Logger
  private let state = Mutex(State())
  private let bell: AsyncStream<Void>
  private let ringer: AsyncStream<Void>.Continuation

  /// Asks on behalf of the region whose location is `home`; `isDefaultLocation` says whether every blob must be there.
  init(
    home: LocationID, isDefaultLocation: Bool, catalog: Catalog, announcer: JobAnnouncer, metrics: RegistryMetrics,
    logger: Logger, limits: Limits = Limits()
  ) {
    self.home = home
    self.isDefaultLocation = isDefaultLocation
    self.catalog = catalog
    self.announcer = announcer
    self.metrics = metrics
    self.limits = limits
    self.logger = logger
    (bell, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Notes that a reader here got `blob` from `location`; returns at once.
  ///
  /// Nothing happens where that was home, or where home has a verified copy: then the copy, not its absence, is the
  /// trouble.
  func served(_ blob: BlobRecord, from location: LocationID, now: ContinuousClock.Instant = .now) {
    guard location != home, !blob.placements.contains(where: { $0.location == home }) else { return }
    let isDropped = state.withLock { state -> Bool in
      if let asked = state.asked[blob.id], now - asked < limits.interval { return false }
      forget(&state, now: now)
      guard state.asked.count < limits.remembered, state.waiting.count < limits.waiting else { return true }
      state.asked[blob.id] = now
      state.waiting.append(blob.id)
      return false
    }
    if isDropped { metrics.urgentCopiesDropped(1) } else { ringer.yield() }
  }

  /// The blobs noted and not yet asked for, oldest first; visible for tests.
  var waitingBlobs: [BlobID] { state.withLock { $0.waiting } }

  /// Asks until the service is shut down; what then still waits is left to its ordinary lane.
  func run() async throws {
    await withGracefulShutdownHandler {
      for await _ in bell { await askForAll() }
    } onGracefulShutdown: {
      self.ringer.finish()
    }
  }

  /// Forgets blobs asked for long enough ago, at most once in a quarter of the interval so that a full memory is not
  /// searched for every pull.
  private func forget(_ state: inout State, now: ContinuousClock.Instant) {
    guard state.asked.count >= limits.remembered, state.nextForgetting.map({ $0 <= now }) ?? true else { return }
    state.asked = state.asked.filter { now - $0.value < limits.interval }
    state.nextForgetting = now + limits.interval / 4
  }

  private func askForAll() async {
    while true {
      let batch = state.withLock { state -> [BlobID] in
        let batch = Array(state.waiting.prefix(limits.batch))
        state.waiting.removeFirst(batch.count)
        return batch
      }
      guard !batch.isEmpty else { return }
      do {
        let wanted = try await catalog.blobsWanted(at: home, among: batch, isDefaultLocation: isDefaultLocation)
        guard !wanted.isEmpty else { continue }
        let jobs = try await catalog.openJobs(for: wanted, target: home, lane: .urgent)
        announcer.announce(jobs)
        metrics.urgentCopiesAsked(jobs.count)
      } catch {
        metrics.urgentCopiesDropped(batch.count)
        logger.info("urgent copies were not asked for", metadata: ["blobs": "\(batch.count)", "error": "\(error)"])
      }
    }
  }
}
