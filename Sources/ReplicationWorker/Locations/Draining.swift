import Shared

/// Empties a location of what is nowhere else, so that it can be removed (G11).
struct Draining: Sendable {
  let session: OperatorSession
  let location: LocationID
  let defaults: [LocationID]
  let isTextual: Bool

  /// What is there and nowhere else.
  struct Result: Sendable {
    var tally = LastCopyTally()
    /// The first of them, by age.
    var listed: [LastCopy] = []
    /// Uploads that still write there.
    var uploads: Int64 = 0

    /// Whether nothing would be lost with the location.
    var isSafe: Bool { tally.blobs == 0 }
  }

  /// How many last copies a command lists.
  static let listing = 20

  /// Ends the copies to the location, orders copies of what is only there, and follows them where `waiting`.
  ///
  /// The location is draining already. Throws where no other location takes copies.
  func run(waiting: Bool) async throws -> Result {
    try await endJobs()
    let fallback = try await fallback()
    let total = try await session.catalog.blobCount()
    let bar = ProgressLine("looking", unit: .things("blobs"), isShown: isTextual)
    var scanned: Int64 = 0
    var result = try await walk(fallback: fallback, isOpening: true) { step in
      scanned += Int64(step.scanned)
      bar.update(done: scanned, total: max(total, scanned))
    }
    bar.finish()
    if waiting { result = try await follow(from: result) }
    // What a push brought there while this ran is found by the proof, which looks at everything once more.
    return try await walk(fallback: nil, isOpening: false)
  }

  /// Looks at everything without changing anything.
  func proof() async throws -> Result { try await walk(fallback: nil, isOpening: false) }

  private func follow(from beginning: Result) async throws -> Result {
    let bar = ProgressLine("copying", unit: .things("last copies"), isShown: isTextual)
    var (result, total) = (beginning, beginning.tally.blobs)
    while result.tally.inFlight > 0 {
      total = max(total, result.tally.blobs)
      bar.update(done: total - result.tally.blobs, total: total)
      let began = ContinuousClock.now
      try await ContinuousClock().sleep(for: .seconds(1))
      // Pushes that were under way at the change of state may have ended here since: they are ordered as well.
      result = try await walk(fallback: nil, isOpening: false)
      // At most a tenth of the time is spent on looking.
      try await ContinuousClock().sleep(for: (began.duration(to: .now) - .seconds(1)) * 9)
    }
    bar.update(done: total - result.tally.blobs, total: total)
    bar.finish()
    return result
  }

  private func walk(
    fallback: LocationID?, isOpening: Bool, report: (LastCopyStep) -> Void = { _ in }
  ) async throws -> Result {
    var result = Result()
    var position: BlobID? = BlobID(rawValue: 0)
    while let from = position {
      try Task.checkCancellation()
      let step = try await session.catalog.lastCopies(
        at: location, after: from, defaultLocations: defaults, fallback: fallback, isOpening: isOpening,
        listing: max(0, Self.listing - result.listed.count))
      result.tally.add(step.tally)
      result.listed += step.listed
      if !step.announcements.isEmpty { await session.announce(step.announcements) }
      report(step)
      position = step.next
    }
    result.uploads = try await session.catalog.uploadCount(at: location)
    return result
  }

  private func endJobs() async throws {
    var position: JobID? = JobID(rawValue: 0)
    while let from = position { position = try await session.catalog.endJobs(at: location, after: from).next }
  }

  /// Where blobs go that no namespace requires anywhere else: the first location of the configuration that takes copies.
  private func fallback() async throws -> LocationID {
    let states = Dictionary(try await session.catalog.locations()) { first, _ in first }
    let configuration = session.configuration
    let candidates = defaults + configuration.preference + configuration.locations.map(\.id)
    guard let first = candidates.first(where: { $0 != location && states[$0]?.takesCopies == true }) else {
      throw StartupError.refused("no other location takes copies: what is only at \(location) has nowhere to go")
    }
    return first
  }
}

extension Draining.Result {
  /// What is in the way, a line for each thing.
  func lines(at location: LocationID) -> [String] {
    var lines = listed.map { "last copy \($0.digest) (\(ProgressUnit.size($0.sizeBytes))) at \(location)" }
    if tally.blobs > Int64(listed.count) { lines.append("... and \(tally.blobs - Int64(listed.count)) more") }
    if uploads > 0 { lines.append("\(uploads) uploads in progress write to \(location) still") }
    if tally.garbage > 0 {
      lines.append("\(tally.garbage) blobs that no repository refers to are there only: garbage, not copied")
    }
    return lines
  }

  /// The last line.
  func line(at location: LocationID) -> String {
    isSafe
      ? "0 last copies at \(location): it can be removed"
      : "\(tally.blobs) last copies at \(location) (\(ProgressUnit.size(tally.bytes))), \(tally.inFlight) in flight"
  }

  /// 0 where nothing would be lost, 3 while copies are in flight, 2 where a person has to do something.
  var exitCode: Int32 { isSafe ? 0 : tally.inFlight > 0 ? 3 : 2 }
}
