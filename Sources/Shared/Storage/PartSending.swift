internal import SharedModel
internal import Synchronization

/// A part whose bytes are complete.
struct FilledPart: Sendable {
  let number: Int
  let content: PartContent
  /// The hash of everything up to the end of this part.
  let hasher: ContentHasher
}

/// Cuts the bytes of one `PartPipeline.run` into parts and starts their sending; owned by the driving task.
struct PartSending {
  private let pipeline: PartPipeline
  private let ledger: PartLedger
  private var number: Int
  private var hasher: ContentHasher
  /// Nil between parts.
  private var buffer: PartBuffer?
  /// What the part in `buffer` begins with; before the first part, what that one will begin with.
  private var carried: CarriedBytes?
  private var targetBytes: Int64 = 0
  private var inFlight = 0

  init(pipeline: PartPipeline, ledger: PartLedger, start: PartStart) {
    self.pipeline = pipeline
    self.ledger = ledger
    number = start.nextPartNumber
    hasher = start.hasher
    carried = start.carried
  }

  /// Takes over a part that was begun, whose bytes are in the hash already.
  nonisolated(nonsending) mutating func resume(
    _ begun: PartBuffer?, group: inout ThrowingTaskGroup<Void, any Error>
  ) async throws {
    guard begun != nil || carried != nil else { return }
    try await beginPart(begun)
    if missingBytes == 0 { try await sendPart(group: &group) }
  }

  /// Adds bytes, starting a part whenever one is full; throws as soon as an earlier part is known to have failed.
  nonisolated(nonsending) mutating func take(
    _ chunk: [UInt8], group: inout ThrowingTaskGroup<Void, any Error>
  ) async throws {
    try ledger.throwFailure()
    var rest = chunk[...]
    while !rest.isEmpty {
      if buffer == nil { try await beginPart(nil) }
      let piece = rest.prefix(Int(clamping: missingBytes))
      rest = rest.dropFirst(piece.count)
      piece.withUnsafeBytes { hasher.update($0) }
      try await buffer?.append(piece)
      if missingBytes == 0 { try await sendPart(group: &group) }
    }
  }

  /// Ends the stream: sends the rest as a part, or keeps it as the tail.
  nonisolated(nonsending) mutating func end(
    _ rule: PartPipeline.TailRule, group: inout ThrowingTaskGroup<Void, any Error>
  ) async throws {
    guard filledBytes > 0 else { return }
    switch rule {
    case .upload: try await sendPart(group: &group)
    case .handBack:
      if filledBytes >= pipeline.plan.limits.minimumPartBytes { try await sendPart(group: &group) }
    }
  }

  /// What was sent and what is left; called once every part has been confirmed.
  func result() -> PartTransfer {
    PartTransfer(
      parts: ledger.sent(), nextPartNumber: number, tail: filledBytes > 0 ? buffer?.content(after: carried) : nil,
      hasher: hasher)
  }

  private var filledBytes: Int64 { buffer.map { $0.sizeBytes + (carried?.sizeBytes ?? 0) } ?? 0 }
  private var missingBytes: Int64 { targetBytes - filledBytes }

  nonisolated(nonsending) private mutating func beginPart(_ begun: PartBuffer?) async throws {
    guard number <= pipeline.plan.limits.maximumParts else { throw StorageError.tooLarge(limitBytes: hasher.count) }
    // The first part takes all that is there already, since the hash cannot be had at a point within it.
    let present = (begun?.sizeBytes ?? 0) + (carried?.sizeBytes ?? 0)
    let size = max(pipeline.plan.sizeBytes(ofPart: number), present)
    guard size <= pipeline.plan.limits.maximumPartBytes else {
      throw StorageError.tooLarge(limitBytes: pipeline.plan.limits.maximumPartBytes)
    }
    buffer = if let begun { begun } else { try await pipeline.emptyBuffer(sizeBytes: size) }
    targetBytes = size
  }

  nonisolated(nonsending) private mutating func sendPart(group: inout ThrowingTaskGroup<Void, any Error>) async throws {
    while inFlight >= pipeline.partsInFlight {
      try await group.next()
      inFlight -= 1
    }
    guard let content = buffer?.content(after: carried) else { return }
    let part = FilledPart(number: number, content: content, hasher: hasher)
    number += 1
    buffer = nil
    carried = nil
    inFlight += 1
    let (pipeline, ledger) = (pipeline, ledger)
    group.addTask {
      defer { part.content.release() }
      do throws(StorageError) {
        ledger.confirm(try await pipeline.send(part), hasher: part.hasher)
      } catch {
        ledger.fail(error)
        throw error
      }
    }
  }
}

/// The parts confirmed so far, shared between the driving task and the tasks that send.
final class PartLedger: Sendable {
  private struct State {
    var next: Int
    var confirmed: [Int: PartCheckpoint] = [:]
    var delivered: [UploadedPart] = []
    var failure: StorageError?
  }

  private let state: Mutex<State>

  init(firstNumber: Int) { state = Mutex(State(next: firstNumber)) }

  /// Notes a part the store has confirmed.
  func confirm(_ part: UploadedPart, hasher: ContentHasher) {
    state.withLock {
      $0.confirmed[part.number] = PartCheckpoint(part: part, endOffsetBytes: hasher.count, hasher: hasher)
    }
  }

  /// Notes that a part failed for good; the first failure counts.
  func fail(_ error: StorageError) { state.withLock { $0.failure = $0.failure ?? error } }

  /// Throws the failure, so that the driving task stops reading at the next chunk instead of at the next full part.
  func throwFailure() throws(StorageError) {
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  /// The parts confirmed without a gap that were not handed out before, ascending.
  func confirmedInOrder() throws(StorageError) -> [PartCheckpoint] {
    try throwFailure()
    return state.withLock { state in
      var ready: [PartCheckpoint] = []
      while let checkpoint = state.confirmed.removeValue(forKey: state.next) {
        ready.append(checkpoint)
        state.delivered.append(checkpoint.part)
        state.next += 1
      }
      return ready
    }
  }

  /// Every part handed out, ascending.
  func sent() -> [UploadedPart] { state.withLock { $0.delivered } }
}
