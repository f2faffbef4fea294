import Logging
import ServiceLifecycle
import Shared
import Synchronization

/// Notes when images become readable in full at one location, and puts the events of it on record.
///
/// Copies just made are looked at soon after, whatever else is awaited; the newest images, and page by page all others,
/// are looked at on a slow beat, so that one that never completes hides none, and what another worker, a push or a
/// restart left unnoticed is found.
final class ArrivalWatch: Service {
  /// How the watch paces itself.
  struct Pace: Sendable {
    /// How long copies gather before they are looked at together.
    var gather: Duration = .milliseconds(200)
    /// The time between two looks at what is awaited, before jitter.
    var beat: Duration = .seconds(3)
    /// Copies that may wait to be looked at; what does not fit is found on the beat.
    var waiting = 8192
    /// Images, or copies, looked at with one statement.
    var page = 256
    /// Pages of awaited images looked at in one beat.
    var pagesPerBeat = 4
  }

  private let target: LocationID
  private let catalog: Catalog
  private let audience: Audience
  private let metrics: NotifyMetrics
  private let pace: Pace
  private let pause: Pause
  private let logger: Logger
  private let placed = Mutex<Set<BlobID>>([])
  private let bell = Bell()
  /// Rung when events have been put on record.
  private let couriers: Bell

  /// Watches `target`; `couriers` is rung when there are events to be delivered.
  init(
    target: LocationID, catalog: Catalog, audience: Audience, couriers: Bell, metrics: NotifyMetrics,
    pace: Pace = Pace(), pause: Pause = .real, logger: Logger
  ) {
    self.target = target
    self.catalog = catalog
    self.audience = audience
    self.couriers = couriers
    self.metrics = metrics
    self.pace = pace
    self.pause = pause
    self.logger = logger
  }

  /// Notes that a job for the blob has ended here, whatever came of it; returns at once.
  func ended(_ blob: BlobID) {
    let isFirst = placed.withLock { placed -> Bool in
      guard placed.count < pace.waiting else { return false }
      placed.insert(blob)
      return placed.count == 1
    }
    if isFirst { bell.ring() }
  }

  /// Watches until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown { await self.watch() }
  }

  private func watch() async {
    var cursor: Int64?
    var nextBeat = ContinuousClock.now
    var isFailing = false
    while !Task.isCancelled {
      let seen = bell.count
      do {
        try await lookAtPlaced()
        if ContinuousClock.now >= nextBeat {
          nextBeat = .now + pace.beat * Double.random(in: 0.75...1.25)
          cursor = try await lookAround(from: cursor)
        }
        if isFailing { logger.info("arrivals are noted again", metadata: ["target": "\(target)"]) }
        isFailing = false
      } catch {
        if !isFailing, !Task.isCancelled {
          logger.warning("arrivals cannot be noted", metadata: ["target": "\(target)", "error": "\(error)"])
        }
        isFailing = true
        nextBeat = .now + pace.beat
        await pause(pace.beat)
      }
      await bell.wait(after: seen, atMost: max(.zero, nextBeat - .now), pause)
      await pause(pace.gather)
    }
  }

  /// Looks at the images that what was copied since the last look belongs to.
  private func lookAtPlaced() async throws {
    while !Task.isCancelled {
      let blobs = placed.withLock { placed -> [BlobID] in
        let blobs = Array(placed.prefix(pace.page))
        placed.subtract(blobs)
        return blobs
      }
      guard !blobs.isEmpty else { return }
      // Many images may share a blob: several pages of them are looked at, and on the beat the rest.
      _ = try await note(.touching(blobs), limit: pace.page * pace.pagesPerBeat)
    }
  }

  /// Looks at the newest images and at the next pages of all; returns where to go on.
  private func lookAround(from cursor: Int64?) async throws -> Int64? {
    _ = try await note(.newest, limit: pace.page)
    var cursor = cursor
    for _ in 0..<pace.pagesPerBeat {
      let found = try await note(.after(cursor), limit: pace.page)
      guard found.looked >= pace.page else { return nil }
      cursor = found.last
    }
    return cursor
  }

  private func note(_ candidates: ArrivalCandidates, limit: Int) async throws -> ArrivalsFound {
    let found = try await catalog.noteArrivals(candidates, at: target, limit: limit) { [audience] in
      audience.drafts($0)
    }
    guard !found.arrived.isEmpty else { return found }
    metrics.arrived(found.arrived, at: target)
    couriers.ring()
    for image in found.arrived {
      logger.debug(
        "an image is readable",
        metadata: [
          "target": "\(target)", "repository": "\(image.repository)", "digest": "\(image.digest)",
          "lag_ms": "\(image.lagMs)",
        ])
    }
    return found
  }
}
