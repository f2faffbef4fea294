package import SharedModel

/// Turns a stream of bytes into the parts of a multipart upload, sending parts while the next one fills.
///
/// Memory is bounded by `partsInFlight + 1` parts, and by the process-wide `memory` or `room` where one is given. The
/// caller's task drives the reading; each part is sent by a child task, so cancelling the caller cancels every part in
/// flight and nothing outlives `run`.
package struct PartPipeline: Sendable {
  /// What becomes of the bytes after the last full part.
  package enum TailRule: Sendable {
    /// They become the last part whatever their number: nothing follows.
    case upload
    /// They are sent as a part only where the store would let another part follow; else they are handed back.
    case handBack
  }

  package let store: any BlobStore
  package let upload: MultipartUpload
  package let plan: PartPlan
  package let partsInFlight: Int
  package let memory: TransferMemory?
  package let room: TransferRoom?
  package let retry: StorageRetry

  /// A pipeline into `upload`; a part that fails is tried again as `retry` says, on top of the engine's own retries.
  ///
  /// `memory` is reserved for a whole part before it is filled: right where the bytes come from a store. `room` is for
  /// bytes that come from clients, who may be slow; where it is given, `memory` is not used.
  package init(
    store: any BlobStore, upload: MultipartUpload, plan: PartPlan, partsInFlight: Int = 3,
    memory: TransferMemory? = nil, room: TransferRoom? = nil,
    retry: StorageRetry = StorageRetry(maximumAttempts: 2, window: .seconds(120))
  ) {
    self.store = store
    self.upload = upload
    self.plan = plan
    self.partsInFlight = max(partsInFlight, 1)
    self.memory = memory
    self.room = room
    self.retry = retry
  }

  /// Reads `chunks` to their end and returns what was sent and what is left.
  ///
  /// `onPart` is called with each confirmed part in ascending order, never twice and never concurrently; reading waits
  /// for it. Its `hasher` and `endOffsetBytes` describe exactly the bytes up to that part's end, so that together with
  /// the parts so far they are a point to resume from (decision D3).
  /// Throws what `chunks`, the store or `onPart` throw; the upload itself is left as it is, for the caller to abort or
  /// resume.
  package func run<Chunks: AsyncSequence>(
    _ chunks: Chunks, from start: PartStart = PartStart(), tail rule: TailRule = .upload,
    isolation: isolated (any Actor)? = #isolation,
    onPart: (PartCheckpoint) async throws -> Void = { _ in }
  ) async throws -> PartTransfer where Chunks.Element == [UInt8] {
    var iterator = chunks.makeAsyncIterator()
    let ledger = PartLedger(firstNumber: start.nextPartNumber)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      var sending = PartSending(pipeline: self, ledger: ledger, start: start)
      try await sending.resume(start.begun?.take(), group: &group)
      while let chunk = try await iterator.next(isolation: isolation) {
        try await sending.take(chunk, group: &group)
        for checkpoint in try ledger.confirmedInOrder() { try await onPart(checkpoint) }
      }
      try await sending.end(rule, group: &group)
      try await group.waitForAll()
      for checkpoint in try ledger.confirmedInOrder() { try await onPart(checkpoint) }
      return sending.result()
    }
  }

  /// Sends one part, trying again as `retry` says; the child task of one part.
  func send(_ part: FilledPart) async throws(StorageError) -> UploadedPart {
    let loaded = try await part.content.load(sending: room?.sending)
    defer { loaded.release() }
    let sha256 = store.protectsBodies ? nil : Self.sha256(loaded.slices)
    return try await retry.run { _ throws(StorageError) in
      try await store.uploadPart(upload, number: part.number, slices: loaded.slices, sha256: sha256)
    }
  }

  /// What the store is to compare a part with that comes over a plain link (decision 0006).
  private static func sha256(_ slices: [[UInt8]]) -> Digest {
    var hasher = ContentHasher(algorithm: .sha256)
    for slice in slices { hasher.update(slice) }
    return hasher.digest()
  }

  /// A buffer for a part of `sizeBytes`.
  func emptyBuffer(sizeBytes: Int64) async throws(StorageError) -> PartBuffer {
    if let room { return PartBuffer(room: room) }
    return PartBuffer(reserved: try await memory?.reserve(sizeBytes))
  }
}

/// Where a pipeline begins: at the start of an upload or at a checkpoint of an earlier one.
package struct PartStart: Sendable {
  package var nextPartNumber: Int
  /// The hash of every byte before the first chunk, `carried` and `begun` included; its `count` is the offset.
  package var hasher: ContentHasher
  /// What an earlier request stored that is in no part yet; the first part begins with it.
  package var carried: CarriedBytes?
  /// What was gathered before the upload was begun, after `carried`; hashed already.
  package var begun: BegunPart?

  /// By default the very beginning.
  package init(
    nextPartNumber: Int = 1, hasher: ContentHasher = ContentHasher(), carried: CarriedBytes? = nil,
    begun: BegunPart? = nil
  ) {
    self.nextPartNumber = max(nextPartNumber, 1)
    self.hasher = hasher
    self.carried = carried
    self.begun = begun
  }
}

/// A confirmed part and the point it ends at.
package struct PartCheckpoint: Sendable {
  package let part: UploadedPart
  package let endOffsetBytes: Int64
  /// The hash of exactly the bytes up to `endOffsetBytes`.
  package let hasher: ContentHasher
}

/// What a pipeline did.
package struct PartTransfer: Sendable {
  /// The parts this run sent, ascending.
  package let parts: [UploadedPart]
  package let nextPartNumber: Int
  /// The bytes after the last part; nil unless there are some and the tail was handed back.
  package let tail: PartContent?
  /// The hash of every byte seen; its `count` is the end offset, tail included.
  package let hasher: ContentHasher
}
