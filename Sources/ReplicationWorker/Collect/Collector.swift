import Logging
import Shared

/// Does rounds of garbage collection over the whole catalog, one process at a time (I7).
///
/// A round is three passes: manifests nobody has named for long (only on request), links no manifest needs, blobs nothing
/// links. It keeps its place in the `collect` sweep, so a killed round is taken up where it stopped. Memory is one page;
/// the rows looked at per second are bounded.
struct Collector: Sendable {
  /// The name of the sweep's row.
  static let sweep = "collect"

  /// What is collected and how fast.
  struct Plan: Sendable {
    /// How long objects outlive their blob: longer than any URL handed out and any running download.
    var grace: Duration
    /// The age from which manifests without a name go; nil keeps them.
    var untaggedOlderThan: Duration?
    /// How long this process's hold on the sweep lasts unless it is renewed.
    var lease: Duration = .seconds(120)
    /// The rows one step looks at.
    var page = 1024
    /// The rows looked at per second; 0 for as many as the database gives.
    var rowsPerSecond = 50_000
  }

  let catalog: Catalog
  let holder: String
  let plan: Plan
  var metrics = CollectionMetrics(registry: .shared)
  let logger: Logger

  /// What became of the wish to do a round.
  enum Outcome: Sendable, Hashable {
    /// The round is done. `isWhole`: it was begun here, so everything was looked at.
    case done(CollectionTally, isWhole: Bool)
    /// Another process is at it, or did it lately.
    case notNow
  }

  /// Does one round, or the rest of one that was begun; `seen` is told the counts after each step.
  ///
  /// A round that another process takes over ends with `notNow`. Throws what the catalog throws; the place is kept.
  func round(
    notWithin interval: Duration = .zero, seen: @Sendable (CollectionTally) -> Void = { _ in }
  ) async throws -> Outcome {
    guard
      let sweep = try await catalog.claimSweep(
        Self.sweep, holder: holder, lease: plan.lease, notWithin: interval)
    else { return .notNow }
    let started = ContinuousClock.now
    var tally = CollectionTally(json: sweep.progress)
    var cursor = sweep.cursor.flatMap(CollectionCursor.init) ?? .start
    var pace = RowPace(rowsPerSecond: plan.rowsPerSecond)
    do {
      while let next = try await step(cursor, &tally, &pace) {
        cursor = next
        seen(tally)
        guard
          try await catalog.saveSweep(
            sweep, cursor: cursor.description, progress: try tally.json(), lease: plan.lease)
        else { return .notNow }
        try await pace.rest()
      }
      guard try await catalog.finishSweep(sweep, progress: try tally.json()) else { return .notNow }
    } catch {
      // The first error is the one to report; a sweep that is not let go of is free when its lease has passed.
      try? await Task { try await catalog.releaseSweep(sweep) }.value
      throw error
    }
    metrics.roundEnded(seconds: (ContinuousClock.now - started) / .seconds(1))
    return .done(tally, isWhole: sweep.cursor == nil)
  }

  /// Counts what a round would remove now, changing nothing.
  func rehearse(seen: @Sendable (CollectionTally) -> Void = { _ in }) async throws -> CollectionTally {
    var tally = CollectionTally()
    var cursor = CollectionCursor.start
    var pace = RowPace(rowsPerSecond: plan.rowsPerSecond)
    while let next = try await step(cursor, &tally, &pace, isRehearsal: true) {
      cursor = next
      seen(tally)
      try await pace.rest()
    }
    return tally
  }

  /// One page of the pass the cursor is in; nil once the last pass is through.
  private func step(
    _ cursor: CollectionCursor, _ tally: inout CollectionTally, _ pace: inout RowPace, isRehearsal: Bool = false
  ) async throws -> CollectionCursor? {
    switch cursor {
    case .untagged(let after):
      guard let age = plan.untaggedOlderThan else { return .links(after: .start) }
      let page = try await catalog.collectUntagged(
        after: after, olderThan: age, limit: plan.page, isRehearsal: isRehearsal)
      tally.manifests += page.collected
      pace.looked(at: page.scanned)
      if !isRehearsal { metrics.collected("manifests", rows: page.collected) }
      return page.next.map { .untagged(after: $0) } ?? .links(after: .start)
    case .links(let after):
      let page = try await catalog.collectLinks(after: after, limit: plan.page, isRehearsal: isRehearsal)
      tally.links += page.collected
      tally.linksSeen += page.scanned
      pace.looked(at: page.scanned)
      if !isRehearsal { metrics.collected("links", rows: page.collected) }
      return page.next.map { .links(after: $0) } ?? .blobs(after: BlobID(rawValue: 0))
    case .blobs(let after):
      let page = try await catalog.collectBlobs(
        after: after, limit: plan.page, grace: plan.grace, isRehearsal: isRehearsal)
      tally.blobs += page.collected
      tally.bytes = tally.bytes.addingReportingOverflow(page.bytes).partialValue
      tally.objects += page.objects
      tally.blobsSeen += page.scanned
      pace.looked(at: page.scanned)
      if !isRehearsal { metrics.collected("blobs", rows: page.collected, bytes: page.bytes) }
      return page.next.map { .blobs(after: $0) }
    }
  }
}
