import Shared
import Synchronization

@testable import ReplicationWorker

/// One job's rows in memory, under the rules of the catalog: everything counts only while the lease token holds.
final class MemoryRecords: CopyRecords {
  private struct State {
    var token: RandomIdentifier?
    var checkpoint: CopyCheckpoint?
    var placements: [Placement] = []
    var dropped: [String] = []
    var begun = 0
    var saves: [Int64] = []
    var saving = 0
    var mostSaving = 0
    var failures = 0
    var beforeSave: @Sendable (Int64) async -> Void = { _ in }
  }

  private let state = Mutex(State())

  var checkpoint: CopyCheckpoint? { state.withLock { $0.checkpoint } }
  var dropped: [String] { state.withLock { $0.dropped } }
  var begun: Int { state.withLock { $0.begun } }
  /// The offsets saved, in order.
  var saves: [Int64] { state.withLock { $0.saves } }
  /// The most saves that were ever under way at once.
  var mostSaving: Int { state.withLock { $0.mostSaving } }

  /// The lease goes to whoever shows this token.
  func lease(to job: ReplicationJob) { state.withLock { $0.token = job.leaseToken } }
  /// What a look at the placements finds.
  func place(_ placements: [Placement]) { state.withLock { $0.placements = placements } }
  /// The next saves fail as if the database were away.
  func failSaves(_ count: Int) { state.withLock { $0.failures = count } }
  /// Puts a checkpoint there.
  func put(_ checkpoint: CopyCheckpoint) { state.withLock { $0.checkpoint = checkpoint } }
  /// Awaited before each save.
  func beforeSave(_ body: @escaping @Sendable (Int64) async -> Void) { state.withLock { $0.beforeSave = body } }

  func checkpoint(of job: ReplicationJob) async throws(CatalogError) -> CopyCheckpoint? {
    state.withLock { $0.token == job.leaseToken ? $0.checkpoint : nil }
  }

  func beginCheckpoint(_ checkpoint: CopyCheckpoint, of job: ReplicationJob) async throws(CatalogError) -> Bool {
    state.withLock { state in
      guard state.token == job.leaseToken else { return false }
      state.checkpoint = checkpoint
      state.begun += 1
      return true
    }
  }

  func advanceCheckpoint(
    of job: ReplicationJob, adding parts: [UploadPartRecord], offsetBytes: Int64, hashState: [UInt8]
  ) async throws(CatalogError) -> Bool {
    state.withLock {
      $0.saving += 1
      $0.mostSaving = max($0.mostSaving, $0.saving)
    }
    defer { state.withLock { $0.saving -= 1 } }
    let body = state.withLock { $0.beforeSave }
    await body(offsetBytes)
    let outcome = state.withLock { state -> Bool? in
      guard state.failures == 0 else {
        state.failures -= 1
        return nil
      }
      guard state.token == job.leaseToken, let old = state.checkpoint else { return false }
      state.checkpoint = CopyCheckpoint(
        key: old.key, multipartID: old.multipartID, partBytes: old.partBytes, offsetBytes: offsetBytes,
        hashState: hashState, parts: old.parts + parts)
      state.saves.append(offsetBytes)
      return true
    }
    guard let outcome else { throw .unavailable(detail: "away", retryAfter: nil) }
    return outcome
  }

  func dropCheckpoint(of job: ReplicationJob, reason: String) async throws(CatalogError) -> Bool {
    state.withLock { state in
      guard state.token == job.leaseToken else { return false }
      if state.checkpoint != nil { state.dropped.append(reason) }
      state.checkpoint = nil
      return true
    }
  }

  func placements(of blobs: [BlobID]) async throws(CatalogError) -> [BlobID: [Placement]] {
    state.withLock { state in Dictionary(blobs.map { ($0, state.placements) }) { first, _ in first } }
  }
}
