internal import SharedModel
internal import Synchronization

/// A part whose bytes are complete.
struct FilledPart: Sendable {
  let number: Int
  let sizeBytes: Int64
  let slices: [[UInt8]]
  /// The hash of everything up to the end of this part.
  let hasher: ContentHasher
  let reservation: TransferMemory.Reservation?
}

/// Cuts the bytes of one `PartPipeline.run` into parts and starts their sending; owned by the driving task.
struct PartSending {
  /// Smaller chunks are joined, so that a part is never thousands of tiny arrays.
  private static let joinBelowBytes = 32 << 10

  private let pipeline: PartPipeline
  private let ledger: PartLedger
  private var number: Int
  private var hasher: ContentHasher
  private var slices: [[UInt8]] = []
  private var filledBytes: Int64 = 0
  private var targetBytes: Int64 = 0
  private var reservation: TransferMemory.Reservation?
  private var inFlight = 0
  /// The first part takes all carried bytes, since the hash cannot be had at a point within them.
  private var leastNextPartBytes: Int64

  init(pipeline: PartPipeline, ledger: PartLedger, start: PartStart) {
    self.pipeline = pipeline
    self.ledger = ledger
    number = start.nextPartNumber
    hasher = start.hasher
    leastNextPartBytes = start.carried.reduce(0) { $0 + Int64($1.count) }
  }

  /// Adds bytes, starting a part whenever one is full; throws as soon as an earlier part is known to have failed.
  ///
  /// Carried bytes are in the hash already.
  nonisolated(nonsending) mutating func take(
    _ chunk: ArraySlice<UInt8>, hashing: Bool, group: inout ThrowingTaskGroup<Void, any Error>
  ) async throws {
    try ledger.throwFailure()
    var rest = chunk
    while !rest.isEmpty {
      if targetBytes == 0 { try await beginPart() }
      let piece = rest.prefix(Int(clamping: targetBytes - filledBytes))
      rest = rest.dropFirst(piece.count)
      if hashing { piece.withUnsafeBytes { hasher.update($0) } }
      append(piece)
      if filledBytes == targetBytes { try await sendPart(group: &group) }
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
      parts: ledger.sent(), nextPartNumber: number, tail: slices, tailSizeBytes: filledBytes, hasher: hasher,
      tailReservation: reservation)
  }

  nonisolated(nonsending) private mutating func beginPart() async throws {
    guard number <= pipeline.plan.limits.maximumParts else { throw StorageError.tooLarge(limitBytes: hasher.count) }
    let size = max(pipeline.plan.sizeBytes(ofPart: number), leastNextPartBytes)
    guard size <= pipeline.plan.limits.maximumPartBytes else {
      throw StorageError.tooLarge(limitBytes: pipeline.plan.limits.maximumPartBytes)
    }
    leastNextPartBytes = 0
    reservation = try await pipeline.memory?.reserve(size)
    targetBytes = size
  }

  private mutating func append(_ piece: ArraySlice<UInt8>) {
    filledBytes += Int64(piece.count)
    if let last = slices.indices.last, piece.count < Self.joinBelowBytes, slices[last].count < Self.joinBelowBytes {
      slices[last].append(contentsOf: piece)
    } else {
      // A slice that is a whole array shares its storage: no copy.
      slices.append(Array(piece))
    }
  }

  nonisolated(nonsending) private mutating func sendPart(group: inout ThrowingTaskGroup<Void, any Error>) async throws {
    while inFlight >= pipeline.partsInFlight {
      try await group.next()
      inFlight -= 1
    }
    let part = FilledPart(
      number: number, sizeBytes: filledBytes, slices: slices, hasher: hasher, reservation: reservation)
    number += 1
    slices = []
    filledBytes = 0
    targetBytes = 0
    reservation = nil
    inFlight += 1
    let (pipeline, ledger) = (pipeline, ledger)
    group.addTask {
      defer { part.reservation?.release() }
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
