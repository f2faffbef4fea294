import Shared

/// Filling a scope as commands show it: the walk with its bar, what is missing, and the copies to their end.
struct Filling: Sendable {
  let session: OperatorSession
  let scope: BackfillScope
  let defaults: [LocationID]
  /// Whether there is text beside the result: bars and lists.
  let isTextual: Bool

  private var count: GapCount { GapCount(catalog: session.catalog, scope: scope, defaultLocations: defaults) }

  /// Walks over the blobs and orders what is missing; with `listing` each ordered copy is printed.
  func order(listing: Bool = false) async throws -> BackfillWalk.Totals {
    let bar = ProgressLine("looking", unit: .things("blobs"), isShown: isTextual)
    let total = try await session.catalog.blobCount()
    let totals = try await session.walk(scope, defaults: defaults).run(
      listing: listing ? Int.max : 0,
      beginning: { beginning in
        guard isTextual else { return }
        switch beginning {
        case .fresh: break
        case .waiting:
          CommandOutcome.remark("another walk over the same blobs is on record: seeing whether it is alive")
        case .resumed(let totals):
          CommandOutcome.remark(
            "taking up a walk that stopped after \(totals.scanned) blobs and \(totals.opened) copies ordered")
        case .beside:
          CommandOutcome.remark("another walk over the same blobs is under way: walking beside it, which does no harm")
        }
      },
      report: { step, totals in
        list(step, "ordered", bar)
        bar.update(done: totals.scanned, total: max(total, totals.scanned))
      })
    bar.finish()
    return totals
  }

  /// Only counts; with `listing` each missing copy is printed.
  func rehearse(listing: Bool = false) async throws -> ReplicationGap {
    try await counted("looking", listing: listing ? Int.max : 0)
  }

  /// What is missing now, or once nothing is in flight any more.
  func gap(waiting: Bool) async throws -> ReplicationGap {
    let gap = try await counted("counting", listing: 0)
    guard waiting, gap.inFlight > 0 else { return gap }
    let follower = GapFollower(
      count: count, progress: ProgressLine("copying", unit: .things("copies"), isShown: isTextual),
      pause: { try await ContinuousClock().sleep(for: $0) })
    return try await follower.follow(from: gap)
  }

  private func counted(_ word: String, listing: Int) async throws -> ReplicationGap {
    let bar = ProgressLine(word, unit: .things("blobs"), isShown: isTextual)
    let total = try await session.catalog.blobCount()
    let gap = try await count.run(listing: listing) { step, scanned in
      list(step, "missing", bar)
      bar.update(done: scanned, total: max(total, scanned))
    }
    bar.finish()
    return gap
  }

  private func list(_ step: BackfillStep, _ word: String, _ bar: ProgressLine) {
    guard !step.listed.isEmpty else { return }
    bar.interrupt { for copy in step.listed { CommandOutcome.say("\(word) \(copy.digest) at \(copy.location)") } }
  }
}
