import Shared
import Synchronization
import TestSupport
import Testing

@testable import SharedStorage

@Suite("PartPipeline", .timeLimit(.minutes(1)))
struct PartPipelineTests {
  private static let limits = PartLimits(
    minimumPartBytes: 100, maximumPartBytes: 4_000, maximumParts: 10_000, maximumSinglePutBytes: 1 << 30)

  private func makeStore(limits: PartLimits = Self.limits) throws -> MemoryStore {
    MemoryStore(
      location: try LocationID(parsing: "us"), storagePath: try #require(StoragePath("")), partLimits: limits)
  }

  private func plan(partBytes: Int64 = 1_000, limits: PartLimits = Self.limits) throws -> PartPlan {
    try PartPlan(limits: limits, preferredPartBytes: partBytes)
  }

  private func begin(_ store: any BlobStore) async throws -> MultipartUpload {
    try await store.beginMultipart(
      .blob(storagePath: store.storagePath, identifier: RandomIdentifier()), attributes: ObjectAttributes())
  }

  /// `bytes` in chunks of `size`.
  private func chunks(_ bytes: [UInt8], of size: Int) -> AsyncStream<[UInt8]> {
    AsyncStream { continuation in
      for start in stride(from: 0, to: bytes.count, by: size) {
        continuation.yield(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      continuation.finish()
    }
  }

  @Test(arguments: [1, 99, 100, 999, 1_000, 1_001, 3_000, 25_000], [1, 7, 250, 1_000, 10_000])
  func everyByteIsStoredOnceInOrder(_ total: Int, _ chunk: Int) async throws {
    let store = try makeStore()
    let bytes = PatternBytes.make(total)
    let upload = try await begin(store)
    let seen = Mutex<[PartCheckpoint]>([])
    let result = try await PartPipeline(store: store, upload: upload, plan: try plan()).run(
      chunks(bytes, of: chunk)
    ) { checkpoint in
      seen.withLock { $0.append(checkpoint) }
    }
    #expect(result.tail == nil)
    #expect(result.hasher.digest() == Digest(of: bytes))
    #expect(result.nextPartNumber == result.parts.count + 1)
    _ = try await store.completeMultipart(upload, parts: result.parts, sizeBytes: Int64(total))
    #expect(try await store.open(upload.key, range: nil).collect(limitBytes: total) == bytes)
    let checkpoints = seen.withLock { $0 }
    #expect(checkpoints.map(\.part) == result.parts)
    for checkpoint in checkpoints {
      #expect(checkpoint.hasher.digest() == Digest(of: bytes[..<Int(checkpoint.endOffsetBytes)]))
    }
  }

  /// `bytes` as an earlier request's tail.
  private func makeCarried(_ bytes: [UInt8], _ store: MemoryStore) throws -> CarriedBytes {
    CarriedBytes(sizeBytes: Int64(bytes.count)) { () async throws(StorageError) in
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      _ = try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
      return try await store.open(key, range: nil)
    }
  }

  @Test func anEmptyStreamMakesNoPart() async throws {
    let store = try makeStore()
    let result = try await PartPipeline(store: store, upload: try await begin(store), plan: try plan()).run(
      chunks([], of: 1))
    #expect(result.parts.isEmpty && result.tail == nil && result.hasher.count == 0)
  }

  @Test func aTailBelowTheMinimumIsHandedBackAndCarriedOn() async throws {
    let store = try makeStore()
    let bytes = PatternBytes.make(6_000)
    let upload = try await begin(store)
    var start = PartStart()
    var parts: [UploadedPart] = []
    // Three requests that end at awkward places; the last one ends the upload.
    for (range, rule) in [
      (0..<2_050, PartPipeline.TailRule.handBack), (2_050..<2_090, .handBack), (2_090..<3_590, .handBack),
      (3_590..<6_000, .upload),
    ] {
      let result = try await PartPipeline(store: store, upload: upload, plan: try plan()).run(
        chunks(Array(bytes[range]), of: 333), from: start, tail: rule)
      let tail = try await result.tail?.load(sending: nil, joined: true).bytes ?? []
      #expect(result.tail?.sizeBytes ?? 0 == Int64(tail.count))
      #expect(tail.count < 100)
      #expect(result.hasher.count == Int64(range.upperBound))
      parts += result.parts
      // As another instance would go on: from the saved hash state and the stored tail.
      start = PartStart(
        nextPartNumber: result.nextPartNumber, hasher: try ContentHasher(restoring: result.hasher.savedState()),
        carried: tail.isEmpty ? nil : try makeCarried(tail, store))
    }
    #expect(start.hasher.digest() == Digest(of: bytes))
    _ = try await store.completeMultipart(upload, parts: parts, sizeBytes: 6_000)
    #expect(try await store.open(upload.key, range: nil).collect(limitBytes: 6_000) == bytes)
  }

  @Test func partsGoOutWhileTheNextFillsAndNoMoreThanAllowed() async throws {
    let gate = Gate()
    let store = FaultyBlobStore(try makeStore()) { operation async throws(StorageError) in
      if operation == .uploadPart { await gate.pass() }
    }
    let memory = TransferMemory(capacityBytes: 3_000)
    let pipeline = PartPipeline(
      store: store, upload: try await begin(store), plan: try plan(), partsInFlight: 2, memory: memory)
    let (stream, input) = AsyncStream.makeStream(of: [UInt8].self)
    async let result = pipeline.run(stream)
    for _ in 0..<6 { input.yield([UInt8](repeating: 1, count: 1_000)) }
    input.finish()
    try await untilTrue { gate.waiting == 2 && memory.reservedBytes == 3_000 }
    #expect(store.calls(.uploadPart) == 2)
    gate.open()
    #expect(try await result.parts.count == 6)
    #expect(gate.mostWaiting <= 2)
    #expect(memory.reservedBytes == 0)
  }

  @Test func aFailedPartIsTriedAgainAndThenFailsTheRun() async throws {
    let retry = StorageRetry(maximumAttempts: 2, sleep: { _ in })
    let store = FaultyBlobStore(try makeStore())
    store.fail(.uploadPart, with: .unavailable(status: 500, code: "InternalError", retryAfter: nil))
    let upload = try await begin(store)
    let bytes = PatternBytes.make(2_500)
    let result = try await PartPipeline(store: store, upload: upload, plan: try plan(), retry: retry).run(
      chunks(bytes, of: 100))
    #expect(result.parts.count == 3)
    #expect(store.calls(.uploadPart) == 4)

    store.fail(.uploadPart, with: .full)
    let memory = TransferMemory(capacityBytes: 10_000)
    await #expect(throws: StorageError.full) {
      _ = try await PartPipeline(store: store, upload: upload, plan: try plan(), memory: memory, retry: retry).run(
        chunks(bytes, of: 100))
    }
    #expect(memory.reservedBytes == 0)
  }

  @Test func aFailureStopsTheReadingBeforeTheNextFullPart() async throws {
    let store = FaultyBlobStore(try makeStore())
    store.fail(.uploadPart, with: .full)
    let (stream, input) = AsyncStream.makeStream(of: [UInt8].self)
    let upload = try await begin(store)
    let pipeline = PartPipeline(store: store, upload: upload, plan: try plan())
    let run = Task { try await pipeline.run(stream).parts.count }
    input.yield([UInt8](repeating: 1, count: 1_000))
    try await untilTrue { store.calls(.uploadPart) == 1 }
    // One byte at a time: far fewer than a part are taken before the failure shows.
    let feeding = Task {
      while !Task.isCancelled {
        input.yield([1])
        await Task.yield()
      }
    }
    await #expect(throws: StorageError.full) { _ = try await run.value }
    feeding.cancel()
  }

  @Test func cancellationEndsPartsInFlight() async throws {
    let gate = Gate()
    let store = FaultyBlobStore(try makeStore()) { operation async throws(StorageError) in
      if operation == .uploadPart {
        await gate.pass()
        if Task.isCancelled { throw .cancelled }
      }
    }
    let memory = TransferMemory(capacityBytes: 10_000)
    let pipeline = PartPipeline(
      store: store, upload: try await begin(store), plan: try plan(), partsInFlight: 2, memory: memory)
    let (stream, input) = AsyncStream.makeStream(of: [UInt8].self)
    let run = Task { try await pipeline.run(stream).parts.count }
    for _ in 0..<3 { input.yield([UInt8](repeating: 1, count: 1_000)) }
    try await untilTrue { gate.waiting == 2 }
    run.cancel()
    gate.open()
    await #expect(throws: (any Error).self) { _ = try await run.value }
    #expect(memory.reservedBytes == 0)
  }

  @Test func tooManyPartsAreRefused() async throws {
    let limits = PartLimits(minimumPartBytes: 1, maximumPartBytes: 10, maximumParts: 3, maximumSinglePutBytes: 100)
    let store = try makeStore(limits: limits)
    let upload = try await begin(store)
    await #expect(throws: StorageError.tooLarge(limitBytes: 30)) {
      _ = try await PartPipeline(store: store, upload: upload, plan: try plan(partBytes: 10, limits: limits)).run(
        chunks(PatternBytes.make(31), of: 5))
    }
  }
}
