import Shared
import TestSupport
import Testing

@testable import SharedStorage

/// Clients that take their time keep nobody else waiting (security rule 19).
@Suite("Slow gathering", .timeLimit(.minutes(1)))
struct SlowGatheringTests {
  private static let limits = PartLimits(
    minimumPartBytes: 100, maximumPartBytes: 40_000, maximumParts: 10_000, maximumSinglePutBytes: 1 << 30)
  private static let partBytes: Int64 = 10_000

  /// A store, and pipelines into it that share one room.
  private struct Scene: Sendable {
    let memory: MemoryStore
    let store: FaultyBlobStore
    let room: TransferRoom
    let gate = Gate()

    init(folder: String, memoryBytes: Int64, spoolBytes: Int64 = 1 << 30, isGated: Bool = false) throws {
      memory = MemoryStore(
        location: try LocationID(parsing: "us"), storagePath: try #require(StoragePath("")), partLimits: limits)
      let gate = self.gate
      store = FaultyBlobStore(memory) { operation async throws(StorageError) in
        guard isGated, operation == .uploadPart else { return }
        await gate.pass()
        if Task.isCancelled { throw .cancelled }
      }
      room = TransferRoom(
        memoryBytes: memoryBytes, spool: try Spool(directory: folder, capacityBytes: spoolBytes))
    }

    func begin() async throws -> PartPipeline {
      let key = ObjectKey.blob(storagePath: memory.storagePath, identifier: RandomIdentifier())
      return PartPipeline(
        store: store, upload: try await store.beginMultipart(key, attributes: ObjectAttributes()),
        plan: try PartPlan(limits: limits, preferredPartBytes: partBytes), room: room,
        retry: StorageRetry(maximumAttempts: 1))
    }

    var heldBytes: Int64 { room.gathering.reservedBytes + room.sending.reservedBytes }
    var capacityBytes: Int64 { room.gathering.capacityBytes + room.sending.capacityBytes }
    var isIdle: Bool { heldBytes == 0 && room.spool.usedBytes == 0 && room.spool.fileCount == 0 }
  }

  /// One client that has sent `bytes` and then nothing, until its input is finished.
  private final class Client: Sendable {
    let input: AsyncStream<[UInt8]>.Continuation
    let run: Task<PartTransfer, any Error>

    init(_ pipeline: PartPipeline, sending bytes: [UInt8], chunk: Int = 1_000) {
      let (stream, input) = AsyncStream.makeStream(of: [UInt8].self)
      self.input = input
      run = Task { try await pipeline.run(stream) }
      for start in stride(from: 0, to: bytes.count, by: chunk) {
        input.yield(Array(bytes[start..<min(start + chunk, bytes.count)]))
      }
    }
  }

  @Test func aFastUploadEndsWhileManySlowOnesHoldWhatTheyHaveSent() async throws {
    try await withTemporaryFolder { folder in
      // Memory for four parts in all, and a hundred clients with nine tenths of one each.
      let scene = try Scene(folder: folder, memoryBytes: 40_000)
      let partial = PatternBytes.make(9_000)
      var slow: [(client: Client, pipeline: PartPipeline)] = []
      for _ in 0..<100 {
        let pipeline = try await scene.begin()
        slow.append((Client(pipeline, sending: partial), pipeline))
      }
      try await untilTrue { scene.room.spool.usedBytes >= 95 * 9_000 }
      let bytes = PatternBytes.make(95_000)
      let pipeline = try await scene.begin()
      let fast = Client(pipeline, sending: bytes)
      fast.input.finish()
      let result = try await fast.run.value
      #expect(result.parts.count == 10 && result.hasher.digest() == Digest(of: bytes))
      _ = try await scene.store.completeMultipart(pipeline.upload, parts: result.parts, sizeBytes: 95_000)
      #expect(try await scene.memory.open(pipeline.upload.key, range: nil).collect(limitBytes: 95_000) == bytes)
      #expect(scene.store.calls(.uploadPart) == 10)
      #expect(scene.heldBytes <= scene.capacityBytes)
      // The slow ones go on as if nothing had been.
      let rest = PatternBytes.make(3_000)
      for each in slow {
        each.client.input.yield(rest)
        each.client.input.finish()
      }
      for each in slow {
        let result = try await each.client.run.value
        #expect(result.parts.map(\.sizeBytes) == [10_000, 2_000])
        _ = try await scene.store.completeMultipart(each.pipeline.upload, parts: result.parts, sizeBytes: 12_000)
        let stored = try await scene.memory.open(each.pipeline.upload.key, range: nil).collect(limitBytes: 12_000)
        #expect(stored == partial + rest)
      }
      slow = []
      try await untilTrue { scene.isIdle }
    }
  }

  @Test func whatIsSentStaysWithinTheBudgetsAndTheFileSystem() async throws {
    try await withTemporaryFolder { folder in
      let scene = try Scene(folder: folder, memoryBytes: 100_000, isGated: true)
      // Sending has room for three parts; the others of twenty uploads wait in files, three of each at most.
      var clients: [Client] = []
      for _ in 0..<20 { clients.append(Client(try await scene.begin(), sending: PatternBytes.make(60_000))) }
      try await untilTrue { scene.room.sending.waiting >= 20 && scene.gate.waiting >= 3 }
      #expect(scene.heldBytes <= scene.capacityBytes)
      #expect(scene.gate.waiting <= 7)
      #expect(scene.room.spool.fileCount <= 20 * 4)
      scene.gate.open()
      for client in clients { client.input.finish() }
      for client in clients { #expect(try await client.run.value.parts.count == 6) }
      clients = []
      try await untilTrue { scene.isIdle }
    }
  }

  @Test func cancellationGivesEverythingBack() async throws {
    try await withTemporaryFolder { folder in
      let scene = try Scene(folder: folder, memoryBytes: 40_000, isGated: true)
      var clients: [Client] = []
      for _ in 0..<20 { clients.append(Client(try await scene.begin(), sending: PatternBytes.make(25_000))) }
      // Some are sending, some wait to send, and all have begun their third part.
      try await untilTrue { scene.gate.waiting >= 1 && scene.room.sending.waiting >= 10 }
      for client in clients { client.run.cancel() }
      scene.gate.open()
      for client in clients { await #expect(throws: (any Error).self) { _ = try await client.run.value } }
      clients = []
      try await untilTrue { scene.isIdle }
      #expect(scene.room.sending.waiting == 0)
    }
  }

  @Test func withoutRoomAnywhereAnUploadIsOverloadedAndOthersGoOn() async throws {
    try await withTemporaryFolder { folder in
      let scene = try Scene(folder: folder, memoryBytes: 10, spoolBytes: 15_000)
      let slow = Client(try await scene.begin(), sending: PatternBytes.make(9_000))
      try await untilTrue { scene.room.spool.usedBytes == 9_000 }
      let second = Client(try await scene.begin(), sending: PatternBytes.make(9_000))
      await #expect(throws: StorageError.overloaded) { _ = try await second.run.value }
      slow.input.finish()
      #expect(try await slow.run.value.parts.map(\.sizeBytes) == [9_000])
      try await untilTrue { scene.isIdle }
    }
  }

  @Test func aBegunPartGoesOnWhereItWas() async throws {
    try await withTemporaryFolder { folder in
      for memoryBytes in [Int64(10), 1 << 20] {
        let scene = try Scene(folder: folder, memoryBytes: memoryBytes)
        let bytes = PatternBytes.make(20_500)
        var start = PartStart()
        start.hasher.update(Array(bytes[..<6_000]))
        let begun = try await Self.begun(Array(bytes[..<6_000]), scene.room)
        start.begun = begun
        let pipeline = try await scene.begin()
        let (stream, input) = AsyncStream.makeStream(of: [UInt8].self)
        input.yield(Array(bytes[6_000...]))
        input.finish()
        let result = try await pipeline.run(stream, from: start, tail: .handBack)
        #expect(result.parts.map(\.sizeBytes) == [10_000, 10_000, 500])
        #expect(result.hasher.digest() == Digest(of: bytes))
        _ = try await scene.store.completeMultipart(pipeline.upload, parts: result.parts, sizeBytes: 20_500)
        #expect(try await scene.memory.open(pipeline.upload.key, range: nil).collect(limitBytes: 20_500) == bytes)
        #expect(begun.take() == nil)
        try await untilTrue { scene.isIdle }
      }
    }
  }

  private static func begun(_ bytes: [UInt8], _ room: TransferRoom) async throws -> BegunPart {
    var buffer = PartBuffer(room: room)
    try await buffer.append(bytes[...])
    return BegunPart(buffer)
  }
}
