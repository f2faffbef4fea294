import Shared

/// Counts what is missing anywhere, exactly, by looking at every blob of a scope; changes nothing.
struct GapCount: Sendable {
  let catalog: Catalog
  let scope: BackfillScope
  let defaultLocations: [LocationID]

  /// Counts to the end; `listing` bounds the copies each step names to `report`. Throws `CatalogError`.
  func run(
    listing: Int = 0, report: (BackfillStep, Int64) -> Void = { _, _ in }
  ) async throws -> ReplicationGap {
    var gap = ReplicationGap()
    var scanned: Int64 = 0
    var position: BlobID? = BlobID(rawValue: 0)
    while let from = position {
      try Task.checkCancellation()
      let step = try await catalog.backfill(
        after: from, scope: scope, defaultLocations: defaultLocations, isOpening: false, listing: listing)
      gap.add(step.gap)
      scanned += Int64(step.scanned)
      report(step, scanned)
      position = step.next
    }
    return gap
  }
}
