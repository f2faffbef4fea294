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

  /// Does the job; every outcome ends in the database or in the lease running out, none is dropped (I6).
  func run(_ job: ReplicationJob) async {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let copy = try await copier.copy(job)
      let durationMs = Int64((clock.now - start) / .milliseconds(1))
      await heal(copy.rejected, of: job)
      await record(copy, of: job, durationMs: durationMs)
    } catch {
      await heal(error.rejected, of: job)
      await fail(job, because: error)
    }
  }

  private func record(_ copy: BlobCopier.Copy, of job: ReplicationJob, durationMs: Int64) async {
    let completion = JobCompletion(
      job: job, key: copy.key, bytesRead: copy.bytesRead, durationMs: durationMs, source: copy.source)
    do {
      let outcome = try await completions.complete(completion)
      metrics.completed(job, outcome: outcome, bytes: copy.bytesRead, durationMs: durationMs)
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

  private func fail(_ job: ReplicationJob, because failure: CopyFailure) async {
    metrics.failed(job, cause: failure.cause)
    // In a task of its own, for this one may be cancelled and the row should still be written.
    await Task {
      do {
        switch failure {
        case .cancelled:
          _ = try await catalog.releaseJobs([job])
        case .noIntactSource:
          logger.error(
            "no intact copy of a blob is left", metadata: metadata(of: job).merging(["reason": "\(failure)"]) { $1 })
          _ = try await catalog.failJob(job, error: failure.description, verdict: .sourceLost)
        case .sourcesUnavailable(let last, _):
          try await retryLater(job, failure, retryAfter: last.retryAfter)
        case .target(let error, _):
          try await retryLater(job, failure, retryAfter: error.retryAfter)
        case .sourcesNotConfigured:
          try await retryLater(job, failure, retryAfter: nil)
        }
      } catch {
        logger.warning(
          "a failed attempt could not be recorded; its lease will run out",
          metadata: metadata(of: job).merging(["error": "\(error)"]) { $1 })
      }
    }.value
  }

  private func retryLater(_ job: ReplicationJob, _ failure: CopyFailure, retryAfter: Duration?) async throws {
    var generator = SystemRandomNumberGenerator()
    let verdict = retry.verdict(attempt: job.attempt, retryAfter: retryAfter, using: &generator)
    logger.warning(
      "copy failed",
      metadata: metadata(of: job).merging(["reason": "\(failure)", "verdict": "\(verdict)"]) { $1 })
    _ = try await catalog.failJob(job, error: failure.description, verdict: verdict)
  }

  /// Puts copies found missing or wrong aside, so that nobody is served them and a job heals them (I2).
  private func heal(_ rejected: [CopyFailure.RejectedSource], of job: ReplicationJob) async {
    for source in rejected {
      do {
        _ = try await catalog.quarantine(source.placement, of: job.blob, reason: source.reason)
        logger.error(
          "a copy was found missing or wrong and put aside",
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

  private func metadata(of job: ReplicationJob) -> Logger.Metadata {
    [
      "job": "\(job.id.rawValue)", "digest": "\(job.digest)", "target": "\(job.target)", "attempt": "\(job.attempt)",
      "bytes": "\(job.sizeBytes)",
    ]
  }
}
