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
    registry.counter(
      "meridian_replication_copies_total", help: "Copies finished, by target and outcome.",
      labels: ["target": target, "outcome": name]
    ).increment()
    registry.counter(
      "meridian_replication_bytes_total", help: "Bytes copied and verified, by target.", labels: ["target": target]
    ).increment(by: Double(bytes))
    registry.histogram(
      "meridian_replication_copy_seconds", help: "Time of one copy from claim to confirmation, by target.",
      labels: ["target": target], buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800]
    ).observe(Double(durationMs) / 1000)
    guard outcome == .placed else { return }
    observeLag(of: job, nowMs: Int64(Date().timeIntervalSince1970 * 1000))
  }

  /// Notes how long after the job was opened its blob was there; `nowMs` is this machine's clock, and the job's time the
  /// database's, so that skew between the two shows here.
  func observeLag(of job: ReplicationJob, nowMs: Int64) {
    registry.histogram(
      "meridian_replication_lag_seconds",
      help: "Time from the push (or whatever else asked for the copy) to the verified copy, by target and lane.",
      labels: ["target": job.target.description, "lane": job.lane.rawValue],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400]
    ).observe(Double(max(0, nowMs - job.createdAtMs)) / 1000)
  }

  /// Counts what an attempt has read, in vain or not, and whether it went on from a checkpoint.
  func read(_ job: ReplicationJob, bytes: Int64, resumedAtBytes: Int64) {
    let target = job.target.description
    registry.counter(
      "meridian_replication_read_bytes_total", help: "Bytes read from sources, by target, those read in vain included.",
      labels: ["target": target]
    ).increment(by: Double(bytes))
    guard resumedAtBytes > 0 else { return }
    registry.counter(
      "meridian_replication_resumed_total", help: "Copies that went on from a checkpoint, by target.",
      labels: ["target": target]
    ).increment()
    registry.counter(
      "meridian_replication_resumed_bytes_total",
      help: "Bytes that checkpoints saved from being read again, by target.",
      labels: ["target": target]
    ).increment(by: Double(resumedAtBytes))
  }

  /// Counts a failed attempt.
  func failed(_ job: ReplicationJob, cause: String) {
    registry.counter(
      "meridian_replication_failures_total", help: "Attempts that failed, by target and cause.",
      labels: ["target": job.target.description, "cause": cause]
    ).increment()
  }
}
