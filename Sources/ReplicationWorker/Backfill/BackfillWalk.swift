import Foundation
import Shared

/// Walks over the blobs of a scope from where the last walk stopped and orders every copy that is missing (G10).
///
/// Its place is on record after each step (`sweeps`), so a killed walk is taken up again, by the next command or by any
/// worker. Only one walk of a scope records its place; others at the same time walk beside it, which changes nothing.
struct BackfillWalk: Sendable {
  /// A walk that has not said anything for so long is taken over; a step takes a second or two.
  private static let lease: Duration = .seconds(20)
  /// Tries of one step, over about half a minute.
  private static let attempts = 8
  /// Between two looks whether another walk is alive.
  private static let lookInterval: Duration = .seconds(1)

  let catalog: Catalog
  let scope: BackfillScope
  let defaultLocations: [LocationID]
  /// Names this walk among all others.
  let holder: String
  /// Tells the workers of jobs; best effort.
  let announce: @Sendable ([JobAnnouncement]) async -> Void
  var pause = Pause.real

  /// What a walk has come to; kept with its place, so that its successor goes on counting.
  struct Totals: Codable, Sendable, Hashable {
    /// The blobs looked at.
    var scanned: Int64 = 0
    /// The jobs opened.
    var opened: Int64 = 0
  }

  /// How a walk began.
  enum Beginning: Sendable, Hashable {
    case fresh
    /// Another walk is on record: whether it is alive shows within its lease.
    case waiting
    /// Where another walk stopped, and what that had come to.
    case resumed(Totals)
    /// Another walk of the same scope is under way; this one keeps no record of its own.
    case beside
  }

  /// Walks to the end; `listing` bounds the copies each step names to `report`.
  ///
  /// Where another walk is on record, waits until that has taken a step, and then walks beside it, or until its lease has
  /// run out, and then goes on in its place: so a command started right after one that was killed resumes it.
  /// Throws `CatalogError`; what was done until then is durable.
  func run(
    listing: Int = 0, beginning: (Beginning) -> Void = { _ in }, report: (BackfillStep, Totals) -> Void = { _, _ in }
  ) async throws -> Totals {
    guard let sweep = try await takeOver(beginning) else {
      beginning(.beside)
      return try await walk(from: BlobID(rawValue: 0), totals: Totals(), sweep: nil, listing: listing, report: report)
    }
    let totals = Self.totals(sweep)
    let position = BlobID(rawValue: sweep.cursor.flatMap { Int64($0) } ?? 0)
    beginning(position.rawValue > 0 ? .resumed(totals) : .fresh)
    do {
      return try await walk(from: position, totals: totals, sweep: sweep, listing: listing, report: report)
    } catch {
      await letGo(sweep)
      throw error
    }
  }

  /// The sweep, now or once its holder has died; nil where that one is seen to be alive. Ends within a lease.
  private func takeOver(_ beginning: (Beginning) -> Void) async throws -> SweepState? {
    let name = scope.sweepName
    if let sweep = try await catalog.claimSweep(name, holder: holder, lease: Self.lease) { return sweep }
    beginning(.waiting)
    let before = try await place(of: name)
    while try await place(of: name) == before {
      await pause(Self.lookInterval)
      try Task.checkCancellation()
      if let sweep = try await catalog.claimSweep(name, holder: holder, lease: Self.lease) { return sweep }
    }
    return nil
  }

  /// What a walk changes with every step.
  private func place(of name: String) async throws -> [String?] {
    let state = try await catalog.sweeps(named: name).first { $0.name == name }
    return [state?.holder, state?.cursor, state?.progress]
  }

  /// As `run`, where a walk of the scope was left unfinished and nobody is at it; false where there is none such.
  func resume() async throws -> Bool {
    guard let sweep = try await catalog.claimSweep(scope.sweepName, holder: holder, lease: Self.lease) else {
      return false
    }
    guard let cursor = sweep.cursor.flatMap({ Int64($0) }) else {
      // It was finished between the look at the list and the claim.
      try await catalog.releaseSweep(sweep)
      return false
    }
    do {
      _ = try await walk(
        from: BlobID(rawValue: cursor), totals: Self.totals(sweep), sweep: sweep, listing: 0, report: { _, _ in })
      return true
    } catch {
      await letGo(sweep)
      throw error
    }
  }

  private func walk(
    from start: BlobID, totals: Totals, sweep: SweepState?, listing: Int, report: (BackfillStep, Totals) -> Void
  ) async throws -> Totals {
    var (totals, sweep) = (totals, sweep)
    var position: BlobID? = start
    while let from = position {
      try Task.checkCancellation()
      let step = try await step(after: from, listing: listing)
      totals.scanned += Int64(step.scanned)
      totals.opened += Int64(step.opened)
      if !step.announcements.isEmpty { await announce(step.announcements) }
      report(step, totals)
      position = step.next
      if let held = sweep, let next = position {
        let isHeld = try await catalog.saveSweep(
          held, cursor: String(next.rawValue), progress: Self.text(totals), lease: Self.lease)
        // Taken over, for this walk was silent too long, or begun anew for a changed namespace: on without a record.
        if !isHeld { sweep = nil }
      }
    }
    if let sweep { try await catalog.finishSweep(sweep, progress: Self.text(totals)) }
    return totals
  }

  /// One step, again where the database is busy or the fate of the step is unknown: a step may be repeated (I9).
  private func step(after position: BlobID, listing: Int) async throws -> BackfillStep {
    var attempt = 1
    while true {
      do {
        return try await catalog.backfill(
          after: position, scope: scope, defaultLocations: defaultLocations, isOpening: true, listing: listing)
      } catch {
        guard attempt < Self.attempts, error.isRetryable, !Task.isCancelled else { throw error }
      }
      await pause(min(.milliseconds(250 << attempt), .seconds(5)) * Double.random(in: 0.5...1))
      attempt += 1
    }
  }

  /// Lets the next walk go on at once.
  private func letGo(_ sweep: SweepState) async {
    // Best effort: where it fails the lease runs out by itself, and the error that ended the walk is what is reported.
    try? await catalog.releaseSweep(sweep)
  }

  private static func text(_ totals: Totals) -> String {
    #"{"opened":\#(totals.opened),"scanned":\#(totals.scanned)}"#
  }

  private static func totals(_ sweep: SweepState) -> Totals {
    // A progress of another form counts for nothing: the walk is right without it.
    (try? JSONDecoder().decode(Totals.self, from: Data(sweep.progress.utf8))) ?? Totals()
  }
}
