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

  /// Counts a failed attempt.
  func failed(_ job: ReplicationJob, cause: String) {
    registry.counter(
      "meridian_replication_failures_total", help: "Attempts that failed, by target and cause.",
      labels: ["target": job.target.description, "cause": cause]
    ).increment()
  }
}
