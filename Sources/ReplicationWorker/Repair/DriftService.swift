import Logging
import ServiceLifecycle
import Shared

/// Compares one location's bucket with the database again and again, slowly, and mends what differs.
struct DriftService: Service {
  let repair: DriftRepair
  let holder: String
  /// The time between two rounds of all workers together.
  let interval: Duration
  var lease: Duration = .seconds(300)
  var registry: MetricsRegistry = .shared
  let logger: Logger

  private var location: LocationID { repair.store.location }

  /// Looks on a jittered beat whether a round is due, until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let beat = min(interval, .seconds(120)) * Double.random(in: 0.5...1.5)
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: beat)
        guard !Task.isCancelled else { return }
        do {
          if let tally = try await round() { report(tally) }
        } catch let suspicion as CopyVerifier.Suspicion {
          logger.critical(
            "a bucket could not be compared with the database: nothing was changed from here on",
            metadata: ["at": "\(location)", "reason": "\(suspicion)"])
        } catch  where !Task.isCancelled {
          logger.warning(
            "the comparison of a bucket was interrupted and goes on later",
            metadata: ["at": "\(location)", "error": "\(error)"])
        } catch {
          return
        }
      }
    }
  }

  /// One round, or the rest of one; nil where none is due or another worker does it.
  func round() async throws -> DriftTally? {
    guard
      let sweep = try await repair.catalog.claimSweep(
        "drift:\(location)", holder: holder, lease: lease, notWithin: interval)
    else { return nil }
    var tally = DriftTally(json: sweep.progress)
    var cursor = sweep.cursor.flatMap(DriftCursor.init(text:)) ?? .start
    var listing = DriftRepair.Listing()
    var pace = RowPace(rowsPerSecond: repair.plan.objectsPerSecond)
    do {
      while try await repair.expireIdleCopies() == DriftRepair.idleCopiesPerStep {}
      while true {
        let before = tally.objects + tally.placements
        guard let next = try await repair.step(cursor, &listing, &tally) else { break }
        cursor = next
        guard
          try await repair.catalog.saveSweep(
            sweep, cursor: try cursor.text(), progress: try tally.json(), lease: lease)
        else { return nil }
        pace.looked(at: Int(tally.objects + tally.placements - before))
        try await pace.rest()
      }
      return try await repair.catalog.finishSweep(sweep, progress: try tally.json()) ? tally : nil
    } catch {
      // The first error is the one to report; a sweep that is not let go of is free when its lease has passed.
      try? await Task { try await repair.catalog.releaseSweep(sweep) }.value
      throw error
    }
  }

  private func report(_ tally: DriftTally) {
    let figures: [(String, Int64)] = [
      ("missing", tally.missing), ("wrong_size", tally.wrongSize), ("orphan", tally.orphans),
      ("stale_upload", tally.staleUploads), ("foreign", tally.foreign),
    ]
    for (kind, count) in figures {
      registry.gauge(WorkerMetric.driftObjects, ["location": location.description, "kind": kind]).set(Double(count))
    }
    if let doubt = tally.doubt {
      logger.critical(
        "orphans are left alone, for the database may be the wrong one; 'repair --fix' decides",
        metadata: ["at": "\(location)", "reason": "\(doubt)"])
    } else if tally.drift > 0 {
      logger.warning(
        "a bucket differed from the database and was mended",
        metadata: ["at": "\(location)"].merging(figures.map { ($0.0, "\($0.1)") }) { first, _ in first })
    }
  }
}
