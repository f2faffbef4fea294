import Shared
import TestSupport
import Testing

@Suite("TransferMemory", .timeLimit(.minutes(1)))
struct TransferMemoryTests {
  @Test func reservationsAreGivenBackOnceAndWhenDropped() async throws {
    let memory = TransferMemory(capacityBytes: 100)
    let first = try await memory.reserve(60)
    #expect(memory.reservedBytes == 60)
    first.release()
    first.release()
    #expect(memory.reservedBytes == 0)
    do { _ = try await memory.reserve(100) }
    #expect(memory.reservedBytes == 0)
    // More than there is counts as all there is.
    let all = try await memory.reserve(1_000)
    #expect(all.bytes == 100)
  }

  @Test func waitersAreServedInOrderOfArrival() async throws {
    let memory = TransferMemory(capacityBytes: 100)
    let held = try await memory.reserve(100)
    let order = OrderRecorder()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, bytes) in [90, 50, 10].enumerated() {
        group.addTask {
          let reservation = try await memory.reserve(Int64(bytes))
          order.record(index)
          reservation.release()
        }
        try await untilTrue { memory.waiting == index + 1 }
      }
      // The last would fit beside the first at once, but does not overtake the second, which must wait for the first.
      held.release()
      try await group.waitForAll()
    }
    #expect(Set(order.values) == [0, 1, 2])
    #expect(order.values.first == 0)
    #expect(memory.reservedBytes == 0)
  }

  @Test func theQueueIsBounded() async throws {
    let memory = TransferMemory(capacityBytes: 10, maximumWaiters: 1)
    let held = try await memory.reserve(10)
    async let waiting = memory.reserve(1)
    try await untilTrue { memory.waiting == 1 }
    await #expect(throws: StorageError.overloaded) { _ = try await memory.reserve(1) }
    held.release()
    #expect(try await waiting.bytes == 1)
  }

  @Test func aCancelledWaiterLeavesAndLetsTheNextOneIn() async throws {
    let memory = TransferMemory(capacityBytes: 100)
    let held = try await memory.reserve(50)
    let large = Task { try await memory.reserve(100).bytes }
    try await untilTrue { memory.waiting == 1 }
    let small = Task { try await memory.reserve(50).bytes }
    try await untilTrue { memory.waiting == 2 }
    large.cancel()
    await #expect(throws: StorageError.cancelled) { _ = try await large.value }
    #expect(try await small.value == 50)
    held.release()
    #expect(memory.reservedBytes == 0)
    let early = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      // Cancelled before it waits: an ordinary reservation or a refusal, never a leak.
      return (try? await memory.reserve(10)) == nil
    }
    _ = await early.value
    #expect(memory.reservedBytes == 0)
  }
}
