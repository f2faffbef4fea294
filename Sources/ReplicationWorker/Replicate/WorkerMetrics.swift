import Foundation
import Shared

/// What a worker counts; labels are locations, outcomes and causes only, so their number is bounded.
struct WorkerMetrics: Sendable {
  let registry: MetricsRegistry

  /// Counts a finished copy.
  func completed(_ job: ReplicationJob, outcome: CompletionOutcome, bytes: Int64, durationMs: Int64) {
    let name: String =
      switch outcome {
      case .placed: "placed"
      case .alreadyPlaced: "already_placed"
      case .leaseLost: "lease_lost"
      }
    let target = job.target.description
    registry.counter(WorkerMetric.replicationCopiesTotal, ["target": target, "outcome": name]).increment()
    registry.counter(WorkerMetric.replicationBytesTotal, ["target": target]).increment(by: Double(bytes))
    registry.histogram(WorkerMetric.replicationCopySeconds, ["target": target]).observe(Double(durationMs) / 1000)
    guard outcome == .placed else { return }
    observeLag(of: job, nowMs: Int64(Date().timeIntervalSince1970 * 1000))
  }

  /// Notes how long after the job was opened its blob was there; `nowMs` is this machine's clock, and the job's time the
  /// database's, so that skew between the two shows here.
  func observeLag(of job: ReplicationJob, nowMs: Int64) {
    registry.histogram(
      WorkerMetric.replicationLagSeconds, ["target": job.target.description, "lane": job.lane.rawValue]
    ).observe(Double(max(0, nowMs - job.createdAtMs)) / 1000)
  }

  /// Counts what an attempt has read, in vain or not, and whether it went on from a checkpoint.
  func read(_ job: ReplicationJob, bytes: Int64, resumedAtBytes: Int64) {
    let target = job.target.description
    registry.counter(WorkerMetric.replicationReadBytesTotal, ["target": target]).increment(by: Double(bytes))
    guard resumedAtBytes > 0 else { return }
    registry.counter(WorkerMetric.replicationResumedTotal, ["target": target]).increment()
    registry.counter(WorkerMetric.replicationResumedBytesTotal, ["target": target]).increment(
      by: Double(resumedAtBytes))
  }

  /// Counts a failed attempt.
  func failed(_ job: ReplicationJob, cause: String) {
    registry.counter(WorkerMetric.replicationFailuresTotal, ["target": job.target.description, "cause": cause])
      .increment()
  }
}
