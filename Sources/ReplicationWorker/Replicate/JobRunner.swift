import Logging
import Shared

/// Takes one claimed job to its end: copied and recorded, failed with its reason and next time, or given back.
struct JobRunner: Sendable {
  let copier: BlobCopier
  let catalog: Catalog
  let completions: CompletionBatcher
  let retry: RetryPolicy
  let metrics: WorkerMetrics
  let logger: Logger

  /// What an attempt came to, for the row that tells of it.
  private struct Attempt: Sendable {
    let source: LocationID?
    let bytesRead: Int64
    let durationMs: Int64
  }

  /// Does the job; every outcome ends in the database or in the lease running out, none is dropped (I6).
  @discardableResult
  func run(_ job: ReplicationJob) async -> JobEnd {
    let clock = ContinuousClock()
    let start = clock.now
    let progress = CopyProgress()
    let result: Result<BlobCopier.Copy, CopyFailure>
    do {
      result = .success(try await copier.copy(job, progress: progress))
    } catch {
      result = .failure(error)
    }
    let attempt = Attempt(
      source: progress.source, bytesRead: progress.bytesRead,
      durationMs: Int64((clock.now - start) / .milliseconds(1)))
    metrics.read(job, bytes: attempt.bytesRead, resumedAtBytes: progress.resumedAtBytes)
    switch result {
    case .success(let copy):
      await heal(copy.rejected, of: job)
      await record(copy, of: job, attempt)
      return .done
    case .failure(let failure):
      await heal(failure.rejected, of: job)
      await fail(job, because: failure, attempt)
      await lookAgain()
      switch failure {
      case .cancelled, .leaseLost: return .interrupted
      default: return .failed
      }
    }
  }

  private func record(_ copy: BlobCopier.Copy, of job: ReplicationJob, _ attempt: Attempt) async {
    let completion = JobCompletion(
      job: job, key: copy.key, bytesRead: attempt.bytesRead, durationMs: attempt.durationMs, source: copy.source)
    do {
      let outcome = try await completions.complete(completion)
      metrics.completed(
        job, outcome: outcome, bytes: copy.source == job.target ? 0 : job.sizeBytes, durationMs: attempt.durationMs)
      logger.debug(
        "job completed",
        metadata: metadata(of: job).merging(["outcome": "\(outcome)", "source": "\(copy.source)"]) { $1 })
    } catch {
      // The object stays: the row may have been written. The lease runs out and the next attempt finds out.
      metrics.failed(job, cause: "record")
      logger.error(
        "a finished copy could not be recorded", metadata: metadata(of: job).merging(["error": "\(error)"]) { $1 })
    }
  }

  private func fail(_ job: ReplicationJob, because failure: CopyFailure, _ attempt: Attempt) async {
    metrics.failed(job, cause: failure.cause)
    // In a task of its own, for this one may be cancelled and the row should still be written.
    await Task {
      do {
        switch failure {
        case .cancelled:
          _ = try await catalog.releaseJobs([job])
        case .leaseLost:
          logger.info("a copy was left to another worker", metadata: metadata(of: job))
        case .noIntactSource:
          // Bytes that were wrong as they came here, while nobody nearer has found the copy wrong, may yet come right.
          guard try await !hasVerifiedSource(job) else {
            try await retryLater(job, failure, attempt, retryAfter: nil)
            return
          }
          logger.error(
            "no intact copy of a blob is left", metadata: metadata(of: job).merging(["reason": "\(failure)"]) { $1 })
          try await write(failure, of: job, attempt, verdict: .sourceLost)
        case .sourcesUnavailable(let last, _):
          try await retryLater(job, failure, attempt, retryAfter: last.retryAfter)
        case .target(let error, _):
          try await retryLater(job, failure, attempt, retryAfter: error.retryAfter)
        case .sourcesNotConfigured, .records:
          try await retryLater(job, failure, attempt, retryAfter: nil)
        }
      } catch {
        logger.warning(
          "a failed attempt could not be recorded; its lease will run out",
          metadata: metadata(of: job).merging(["error": "\(error)"]) { $1 })
      }
    }.value
  }

  private func retryLater(
    _ job: ReplicationJob, _ failure: CopyFailure, _ attempt: Attempt, retryAfter: Duration?
  ) async throws {
    var generator = SystemRandomNumberGenerator()
    let verdict = retry.verdict(attempt: job.attempt, retryAfter: retryAfter, using: &generator)
    logger.warning(
      "copy failed",
      metadata: metadata(of: job).merging(["reason": "\(failure)", "verdict": "\(verdict)"]) { $1 })
    try await write(failure, of: job, attempt, verdict: verdict)
  }

  private func write(
    _ failure: CopyFailure, of job: ReplicationJob, _ attempt: Attempt, verdict: FailureVerdict
  ) async throws {
    // A lease lost meanwhile means that somebody else tells of the job.
    _ = try await catalog.failJob(
      job, error: failure.description, verdict: verdict, source: attempt.source, bytesRead: attempt.bytesRead,
      durationMs: attempt.durationMs)
  }

  /// Puts copies found missing or wrong aside, so that nobody is served them and a job heals them (I2).
  private func heal(_ rejected: [CopyFailure.RejectedSource], of job: ReplicationJob) async {
    for source in rejected {
      do {
        // The last copy is not put aside on the word of a reader far away: its own region's verification decides.
        let jobs = try await catalog.quarantine(
          source.placement, of: job.blob, reason: source.reason, sparingSole: source.isHearsay)
        logger.error(
          jobs.isEmpty ? "a copy was found missing or wrong" : "a copy was found missing or wrong and put aside",
          metadata: metadata(of: job).merging(["at": "\(source.placement.location)", "reason": "\(source.reason)"]) {
            $1
          })
      } catch {
        logger.warning(
          "a bad copy could not be put aside",
          metadata: metadata(of: job).merging(["at": "\(source.placement.location)", "error": "\(error)"]) { $1 })
      }
    }
  }

  /// Looks at what the target was trusted with before it was found not to keep what it acknowledged.
  ///
  /// A copy whose row is still on its way when it is found missing is left to the continuous verification.
  private func lookAgain() async {
    let doubtful = copier.context.trust.takeDoubtful()
    guard !doubtful.isEmpty else { return }
    let target = copier.context.target
    // Nobody is rung for: the jobs that heal are found in the database within a minute.
    let verifier = CopyVerifier(
      store: target, catalog: catalog, inspector: CopyInspector(store: target), announce: { _ in }, logger: logger)
    do {
      _ = try await verifier.verify(doubtful, .presence)
    } catch {
      logger.warning(
        "copies that a store may not have kept could not be judged; the continuous verification will",
        metadata: ["at": "\(target.location)", "copies": "\(doubtful.count)", "error": "\(error)"])
    }
  }

  /// Whether a verified copy of the blob is left somewhere.
  private func hasVerifiedSource(_ job: ReplicationJob) async throws(CatalogError) -> Bool {
    let placements = try await catalog.placements(of: [job.blob])[job.blob] ?? []
    return placements.contains { $0.state == .verified && $0.location != job.target }
  }

  private func metadata(of job: ReplicationJob) -> Logger.Metadata {
    [
      "job": "\(job.id.rawValue)", "digest": "\(job.digest)", "target": "\(job.target)", "attempt": "\(job.attempt)",
      "bytes": "\(job.sizeBytes)",
    ]
  }
}
