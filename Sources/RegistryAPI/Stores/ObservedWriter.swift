import Shared

/// A streamed PUT whose chunks must be taken in time.
///
/// Chunks come by the thousand, so none gets a timer: the one sweep of all writes under way aborts the writer instead,
/// which makes the chunk that waits fail.
struct ObservedWriter: ObjectWriter {
  let base: any ObjectWriter
  let store: ObservedStore
  private let ticket: WritesUnderWay.Ticket

  init(base: any ObjectWriter, store: ObservedStore) {
    self.base = base
    self.store = store
    ticket = store.writes.begin(base, stall: store.deadlines.stall, patience: store.deadlines.patience) {
      [health = store.health, location = store.location] in health.isDown(location)
    }
  }

  func write(_ bytes: [UInt8]) async throws(StorageError) {
    do throws(StorageError) {
      store.writes.wait(ticket)
      defer { store.writes.goOn(ticket) }
      try await base.write(bytes)
    } catch {
      throw failed(error)
    }
  }

  func finish() async throws(StorageError) -> StoredObject {
    defer { store.writes.end(ticket) }
    return try await store.call(.writing, "finish", within: store.deadlines.write(0) * 2) {
      [base] () async throws(StorageError) in try await base.finish()
    }
  }

  func abort() async {
    store.writes.end(ticket)
    await base.abort()
  }

  /// The error to report: a write that the sweep has ended timed out, whatever the engine calls it.
  private func failed(_ error: StorageError) -> StorageError {
    let error = store.writes.isStalled(ticket) ? .timedOut(phase: "no progress") : error
    store.health.record(store.location, .writing, StoreKnowledge.Outcome(error))
    return error
  }
}
