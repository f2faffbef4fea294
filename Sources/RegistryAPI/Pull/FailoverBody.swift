import Shared

/// The bytes of a blob, or of a part of it, from whichever copies can give them (G5).
///
/// When a copy breaks off, falls silent or sends too much, the next one goes on at the very byte. A whole blob is hashed
/// on the way and its last chunk held back until the hash is right, so a client never receives the end of wrong bytes:
/// its connection is cut short instead (I8). Memory is one chunk beyond what the transport holds.
struct FailoverBody: Sendable {
  /// When a transfer is given up for another.
  struct Limits: Sendable {
    /// Silence of a store in the middle of a body.
    var stall: Duration = .seconds(4)
    /// How often one copy may be opened without this much progress in between.
    var fruitlessOpenings = 2
    var progressBytes: Int64 = 64 << 10
  }

  private enum Event: Sendable {
    case chunk([UInt8]?)
    case failure(StorageError)
    case tick
  }

  /// How far the blob has come, and what it hashes to.
  private struct Progress {
    /// The offset of the next byte to be received.
    var position: Int64
    let end: Int64
    var hasher: ContentHasher?
    /// Received, and not yet passed on.
    var held: [UInt8]?
    var sentBytes: Int64 = 0
    /// Every location that bytes came from, in order.
    var sources: [LocationID] = []
  }

  /// What a copy that fell silent in the middle is said to have failed in.
  static let silentPhase = "no progress"

  let blob: BlobRecord
  /// The part asked for; nil for all of it.
  let part: ByteRange?
  /// The copy that was begun with.
  let opened: CopyOpening.Opened
  /// All copies, best first.
  let candidates: [Placement]
  let opening: CopyOpening
  let watch: CopyWatch
  var limits = Limits()

  /// The number of bytes the client is promised.
  var lengthBytes: Int64 { part?.count ?? blob.sizeBytes }

  /// Passes the bytes to `write`, in order, and returns how many those were.
  ///
  /// Throws what `write` throws; a `StorageError` where no copy can give the next byte; `VerificationFailure` where the
  /// bytes are not the blob's, without having passed on the last of them; `cancelled`.
  func send(_ write: ([UInt8]) async throws -> Void) async throws -> Int64 {
    var progress = Progress(
      position: part?.first ?? 0, end: (part?.last).map { $0 + 1 } ?? blob.sizeBytes,
      hasher: part == nil ? ContentHasher(algorithm: blob.digest.algorithm) : nil)
    var source = opened
    var openings: [LocationID: Int] = [:]
    var openedAt = progress.position
    while let failure = try await receive(from: source, into: &progress, write) {
      if case .cancelled = failure { throw failure }
      watch.note(CopyOpening.Failed(placement: source.placement, error: failure), of: blob)
      if progress.position - openedAt >= limits.progressBytes { openings = [:] }
      openings[source.placement.location, default: 0] += 1
      source = try await next(after: source.placement, at: progress, openings: &openings, failure)
      openedAt = progress.position
    }
    try finish(&progress)
    if let held = progress.held {
      try await write(held)
      progress.sentBytes += Int64(held.count)
    }
    return progress.sentBytes
  }

  /// Opens the copy that goes on: another one where there is one, and the same again where it is the last.
  private func next(
    after failed: Placement, at progress: Progress, openings: inout [LocationID: Int], _ failure: StorageError
  ) async throws(StorageError) -> CopyOpening.Opened {
    guard let range = ByteRange(first: progress.position, last: progress.end - 1) else { throw failure }
    // Those opened least often come first; among them the order of preference stays.
    let remaining = candidates.filter { (openings[$0.location] ?? 0) < limits.fruitlessOpenings }
      .map { (count: openings[$0.location] ?? 0, placement: $0) }
    let ordered = (0..<limits.fruitlessOpenings).flatMap { count in
      remaining.filter { $0.count == count }.map(\.placement)
    }
    guard !ordered.isEmpty else { throw failure }
    var counted = openings
    let opened = try await opening.open(ordered, range: range) { failed in
      counted[failed.placement.location, default: 0] += 1
      watch.note(failed, of: blob)
    }
    openings = counted
    watch.resumed(blob, from: failed.location, at: opened.placement.location, offset: progress.position)
    return opened
  }

  /// The hash is the last word: nothing of what is held goes out before it is right.
  private func finish(_ progress: inout Progress) throws(VerificationFailure) {
    guard let hasher = progress.hasher else { return }
    let actual = hasher.digest()
    guard actual == blob.digest else {
      watch.wrongBytes(blob, from: progress.sources)
      throw .digest(expected: blob.digest, actual: actual)
    }
    watch.rightBytes(blob, from: progress.sources)
  }
}

// MARK: - One copy

extension FailoverBody {
  /// Receives from one copy until all has come (nil) or it fails.
  ///
  /// The store is only waited for while nothing is being passed on, so a slow client is never taken for a silent store.
  private func receive(
    from source: CopyOpening.Opened, into progress: inout Progress, _ write: ([UInt8]) async throws -> Void
  ) async throws -> StorageError? {
    if progress.sources.last != source.placement.location { progress.sources.append(source.placement.location) }
    if let first = source.first, let failure = try await take(first, into: &progress, write) { return failure }
    guard progress.position < progress.end else { return nil }
    return try await withThrowingTaskGroup(of: Event.self) { group in
      defer { group.cancelAll() }
      let tick = limits.stall / 4
      group.addTask { await Self.tick(after: tick) }
      group.addTask { await Self.nextChunk(of: source.body) }
      var waitingSince = ContinuousClock.now
      while let event = try await group.next() {
        switch event {
        case .tick:
          if Task.isCancelled { return .cancelled }
          if ContinuousClock.now - waitingSince >= limits.stall { return .timedOut(phase: Self.silentPhase) }
          group.addTask { await Self.tick(after: tick) }
        case .failure(let error): return error
        case .chunk(nil):
          return .truncated(expectedBytes: lengthBytes, receivedBytes: progress.position - (part?.first ?? 0))
        case .chunk(let chunk?):
          if let failure = try await take(chunk, into: &progress, write) { return failure }
          guard progress.position < progress.end else { return nil }
          group.addTask { await Self.nextChunk(of: source.body) }
          waitingSince = .now
        }
      }
      return .cancelled
    }
  }

  /// Takes a chunk in and passes on what was held before it; returns a failure where it is more than was asked for.
  private func take(
    _ chunk: [UInt8], into progress: inout Progress, _ write: ([UInt8]) async throws -> Void
  ) async throws -> StorageError? {
    guard Int64(chunk.count) <= progress.end - progress.position else {
      return .invalidResponse(detail: "more bytes than promised")
    }
    progress.position += Int64(chunk.count)
    guard progress.hasher != nil else {
      try await write(chunk)
      progress.sentBytes += Int64(chunk.count)
      return nil
    }
    progress.hasher?.update(chunk)
    let previous = progress.held
    progress.held = chunk
    if let previous {
      try await write(previous)
      progress.sentBytes += Int64(previous.count)
    }
    return nil
  }

  private static func nextChunk(of body: ObjectBody) async -> Event {
    var iterator = body.makeAsyncIterator()
    do throws(StorageError) { return .chunk(try await iterator.next()) } catch { return .failure(error) }
  }

  private static func tick(after pause: Duration) async -> Event {
    // Cancelled with the reception; the event is not looked at then.
    try? await ContinuousClock().sleep(for: pause)
    return .tick
  }
}
