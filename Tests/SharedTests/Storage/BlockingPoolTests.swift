import Dispatch
import Shared
import Testing

@testable import SharedStorage

@Suite("BlockingPool", .timeLimit(.minutes(1)))
struct BlockingPoolTests {
  @Test func thePoolIsBounded() async throws {
    let pool = try BlockingPool(threads: 1, maximumQueued: 1)
    let semaphore = DispatchSemaphore(value: 0)
    let started = DispatchSemaphore(value: 0)
    let first = Task {
      try await pool.run { () throws(StorageError) in
        started.signal()
        semaphore.wait()
      }
    }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      DispatchQueue.global().async {
        started.wait()
        continuation.resume()
      }
    }
    let results = await withTaskGroup(of: StorageError?.self) { group in
      for _ in 0..<3 {
        group.addTask {
          do throws(StorageError) {
            try await pool.run { () throws(StorageError) in }
            return nil
          } catch {
            return error
          }
        }
      }
      // Two of the three find the queue full at once; then the way is cleared for the third.
      var results: [StorageError?] = []
      while results.count < 2, let result = await group.next() { results.append(result) }
      semaphore.signal()
      while let result = await group.next() { results.append(result) }
      return results
    }
    try await first.value
    #expect(results.filter { $0 == .overloaded }.count == 2)
    #expect(results.filter { $0 == nil }.count == 1)
    pool.close()
  }
}
