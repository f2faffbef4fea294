import Logging
import Shared

/// Writes finished copies to the catalog in batches: what finishes while one transaction runs goes into the next.
///
/// An idle worker therefore commits at once and a busy one a batch at a time; nothing waits for a timer. Placements are
/// written only here, after the bytes were verified and confirmed (I2).
actor CompletionBatcher {
  /// The most completions in one transaction.
  private static let batchLimit = 256
  /// Attempts at one batch; the catalog makes a repeated completion end in the same state (I9).
  private static let attempts = 4

  private let catalog: Catalog
  private let pause: @Sendable (Duration) async -> Void
  private var waiting: [(completion: JobCompletion, reply: CheckedContinuation<CompletionOutcome, any Error>)] = []
  private var isWriting = false

  /// Writes to `catalog`; `pause` waits between attempts.
  init(catalog: Catalog, pause: @escaping @Sendable (Duration) async -> Void) {
    self.catalog = catalog
    self.pause = pause
  }

  /// Records a finished copy and says what became of it; returns after the transaction has committed.
  ///
  /// Not cut short by cancellation: the bytes are there, so the row should be too. Throws the catalog's error where no
  /// attempt got through; the object must then be left alone, for the outcome is unknown (I8).
  func complete(_ completion: JobCompletion) async throws -> CompletionOutcome {
    try await withCheckedThrowingContinuation { continuation in
      waiting.append((completion, continuation))
      guard !isWriting else { return }
      isWriting = true
      Task { await writeAll() }
    }
  }

  private func writeAll() async {
    while !waiting.isEmpty {
      let batch = Array(waiting.prefix(Self.batchLimit))
      waiting.removeFirst(batch.count)
      do {
        let outcomes = try await write(batch.map(\.completion))
        for entry in batch {
          entry.reply.resume(returning: outcomes[entry.completion.job.id] ?? .leaseLost)
        }
      } catch {
        for entry in batch { entry.reply.resume(throwing: error) }
      }
    }
    isWriting = false
  }

  private func write(_ completions: [JobCompletion]) async throws -> [JobID: CompletionOutcome] {
    var attempt = 1
    while true {
      do {
        return try await catalog.completeJobs(completions)
      } catch {
        guard attempt < Self.attempts, error.isRetryable else { throw error }
      }
      await pause(.milliseconds(100 << attempt))
      attempt += 1
    }
  }
}
