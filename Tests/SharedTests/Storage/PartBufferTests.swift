import Shared
import TestSupport
import Testing

@testable import SharedStorage

@Suite("PartBuffer and Spool", .timeLimit(.minutes(1)))
struct PartBufferTests {
  /// The number of this process's open files that are nameless spool files.
  private func openSpoolFiles(in folder: String) throws -> Int {
    try OpenDescriptors.targets().filter { $0.hasPrefix("\(folder)/meridian-spool-") && $0.hasSuffix(" (deleted)") }
      .count
  }

  @Test func aFewBytesTakeAboutTheirNumberOfMemory() async throws {
    try await withTemporaryFolder { folder in
      let room = TransferRoom(memoryBytes: 80 << 20, spool: try Spool(directory: folder))
      var buffers: [PartBuffer] = []
      for _ in 0..<2_000 {
        var buffer = PartBuffer(room: room)
        for _ in 0..<6 { try await buffer.append([7]) }
        buffers.append(buffer)
      }
      #expect(room.gathering.reservedBytes == 2_000 << 10)
      #expect(room.spool.fileCount == 0)
      buffers = []
      #expect(room.gathering.reservedBytes == 0)
    }
  }

  @Test(arguments: [1, 100, 5_000, 70_000], [7, 1_024, 40_000])
  func bytesAreExactInMemoryAndInAFile(_ total: Int, _ chunk: Int) async throws {
    try await withTemporaryFolder { folder in
      let bytes = PatternBytes.make(total)
      // From nothing, where the first byte is spooled, to more than enough.
      for memoryBytes in [10, 10 << 10, 10 << 20] {
        let room = TransferRoom(memoryBytes: Int64(memoryBytes), spool: try Spool(directory: folder))
        do {
          var buffer = PartBuffer(room: room)
          for start in stride(from: 0, to: total, by: chunk) {
            try await buffer.append(bytes[start..<min(start + chunk, total)])
            #expect(room.gathering.reservedBytes <= room.gathering.capacityBytes)
          }
          #expect(buffer.isSpooled == (total >= 100 && memoryBytes == 10 || total >= 5_000 && memoryBytes == 10 << 10))
          #expect(room.spool.usedBytes == (buffer.isSpooled ? Int64(total) : 0))
          #expect(try openSpoolFiles(in: folder) == (buffer.isSpooled ? 1 : 0))
          #expect(try OpenDescriptors.names(in: folder).isEmpty)
          for joined in [false, true] {
            let loaded = try await buffer.content().load(sending: room.sending, joined: joined)
            #expect(Array(loaded.slices.joined()) == bytes)
            #expect(!joined || loaded.slices.count == 1)
            #expect(room.sending.reservedBytes <= room.sending.capacityBytes)
            loaded.release()
          }
        }
        try await untilTrue {
          try room.spool.usedBytes == 0 && room.spool.fileCount == 0 && openSpoolFiles(in: folder) == 0
        }
        #expect(room.gathering.reservedBytes == 0 && room.sending.reservedBytes == 0)
      }
    }
  }

  @Test func carriedBytesComeFirstAndMustHaveTheirSize() async throws {
    try await withTemporaryFolder { folder in
      let room = TransferRoom(memoryBytes: 10 << 10, spool: try Spool(directory: folder))
      let store = MemoryStore(
        location: try LocationID(parsing: "us"), storagePath: try #require(StoragePath("")))
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      _ = try await store.put(key, bytes: [1, 2, 3], attributes: ObjectAttributes())
      var buffer = PartBuffer(room: room)
      try await buffer.append([4, 5])
      for (size, bytes) in [(Int64(3), [1, 2, 3, 4, 5]), (2, nil)] as [(Int64, [UInt8]?)] {
        let content = buffer.content(
          after: CarriedBytes(sizeBytes: size) { () async throws(StorageError) in
            try await store.open(key, range: nil)
          })
        if let bytes {
          #expect(content.sizeBytes == 5)
          #expect(try await content.load(sending: room.sending, joined: true).bytes == bytes)
          #expect(try await content.load(sending: room.sending).slices.count == 2)
        } else {
          await #expect(throws: StorageError.sizeMismatch(expectedBytes: 2, actualBytes: 3)) {
            _ = try await content.load(sending: room.sending)
          }
        }
      }
      #expect(room.sending.reservedBytes == 0)
    }
  }

  @Test func aFullSpoolIsOverloaded() async throws {
    try await withTemporaryFolder { folder in
      let spool = try Spool(directory: folder, capacityBytes: 1_000, maximumFiles: 2)
      let room = TransferRoom(memoryBytes: 10, spool: spool)
      var first = PartBuffer(room: room)
      try await first.append(PatternBytes.make(990)[...])
      var second = PartBuffer(room: room)
      await #expect(throws: StorageError.overloaded) { try await second.append(PatternBytes.make(11)[...]) }
      var third = PartBuffer(room: room)
      await #expect(throws: StorageError.overloaded) { try await third.append(PatternBytes.make(20)[...]) }
      #expect(spool.usedBytes <= 1_000 && spool.fileCount <= 2)
    }
  }

  @Test func aMissingFolderIsAnErrorOfTheUpload() async throws {
    let room = TransferRoom(memoryBytes: 10, spool: try Spool(directory: "/nonexistent/meridian"))
    var buffer = PartBuffer(room: room)
    await #expect(throws: StorageError.self) { try await buffer.append(PatternBytes.make(20)[...]) }
    #expect(room.spool.fileCount == 0)
  }

  @Test func growingLeavesRoomForOthersAndNeverOvertakes() async throws {
    let memory = TransferMemory(capacityBytes: 100)
    let first = memory.beginReservation()
    #expect(first.tryGrow(by: 40, keepingBytes: 40))
    #expect(!first.tryGrow(by: 20, keepingBytes: 60))
    #expect(!first.tryGrow(by: 61))
    #expect(!first.tryGrow(by: .max, keepingBytes: .max))
    #expect(first.bytes == 40 && memory.reservedBytes == 40)
    async let waiting = memory.reserve(80)
    try await untilTrue { memory.waiting == 1 }
    #expect(memory.tryReserve(1) == nil)
    #expect(!first.tryGrow(by: 1))
    first.release()
    #expect(try await waiting.bytes == 80)
    #expect(!first.tryGrow(by: 1))
  }
}
