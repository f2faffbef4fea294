import Shared

/// Deletes the objects that a removed location has left on record, with a bar; what fails stays on record.
struct ObjectRemoval: Sendable {
  private static let batch = 256
  private static let atOnce = 16
  /// A claimed object is left alone by others for so long.
  private static let claim: Duration = .seconds(120)

  let catalog: Catalog
  let store: any BlobStore
  let progress: ProgressLine

  /// What has become of the objects.
  struct Result: Sendable {
    var deleted: Int64 = 0
    var failed: Int64 = 0
    var lastError: String?
  }

  /// Deletes everything that is due; ends early where a whole batch fails, for then the store is away.
  func run() async throws -> Result {
    let total = try await catalog.deletionCount(at: store.location)
    var result = Result()
    progress.update(done: 0, total: total)
    while true {
      try Task.checkCancellation()
      let due = try await catalog.claimObjectDeletions(at: [store.location], limit: Self.batch, lease: Self.claim)
      if due.isEmpty { break }
      let outcomes = await delete(due)
      try await catalog.finishObjectDeletions(outcomes.compactMap { $0.error == nil ? $0.deletion : nil })
      let failures = outcomes.compactMap { outcome in outcome.error.map { (deletion: outcome.deletion, error: $0) } }
      try await catalog.failObjectDeletions(failures)
      result.deleted += Int64(outcomes.count - failures.count)
      result.failed += Int64(failures.count)
      result.lastError = failures.last?.error ?? result.lastError
      progress.update(done: result.deleted, total: max(total, result.deleted))
      if failures.count == due.count { break }
    }
    progress.finish()
    return result
  }

  private func delete(_ due: [ObjectDeletion]) async -> [(deletion: ObjectDeletion, error: String?)] {
    await withTaskGroup(of: (ObjectDeletion, String?).self) { group in
      var outcomes: [(deletion: ObjectDeletion, error: String?)] = []
      for (index, deletion) in due.enumerated() {
        if index >= Self.atOnce, let outcome = await group.next() { outcomes.append(outcome) }
        group.addTask { (deletion, await failure(of: deletion)) }
      }
      for await outcome in group { outcomes.append(outcome) }
      return outcomes
    }
  }

  /// Deletes one; nil where it is gone.
  private func failure(of deletion: ObjectDeletion) async -> String? {
    do throws(StorageError) {
      if let id = deletion.multipartID {
        try await store.abortMultipart(MultipartUpload(key: deletion.key, id: id))
      } else {
        try await store.delete(deletion.key)
      }
      return nil
    } catch {
      return error.description
    }
  }
}
