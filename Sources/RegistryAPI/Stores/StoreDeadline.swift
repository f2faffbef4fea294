import Shared

/// Ends a store call that takes longer than somebody who waits for it should have to.
///
/// Engines have deadlines of their own, made for work in the background; these are for requests, which can go elsewhere.
enum StoreDeadline {
  /// Runs `operation`; throws `timedOut(phase)` where it has not ended within `limit`, and `cancelled` where the caller was.
  ///
  /// From `patience` on the operation is also given up once `isHopeless`. It is cancelled then and awaited: engines end
  /// promptly when they are cancelled.
  static func within<Value: Sendable>(
    _ limit: Duration, _ phase: String, patience: Duration? = nil,
    isHopeless: @escaping @Sendable () -> Bool = { false },
    _ operation: @escaping @Sendable () async throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    let result = await withTaskGroup(of: Result<Value, StorageError>?.self) { group in
      group.addTask {
        do throws(StorageError) { return .success(try await operation()) } catch { return .failure(error) }
      }
      group.addTask {
        let clock = ContinuousClock()
        let end = clock.now + limit
        do {
          try await clock.sleep(for: min(patience ?? limit, limit))
          while clock.now < end, !isHopeless() { try await clock.sleep(for: min(.milliseconds(500), end - clock.now)) }
        } catch {
          // Cancelled: the operation has ended, or the caller is.
        }
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    switch result {
    case .success(let value): return value
    case .failure(let error): throw error
    case nil: throw Task.isCancelled ? .cancelled : .timedOut(phase: phase)
    }
  }
}
