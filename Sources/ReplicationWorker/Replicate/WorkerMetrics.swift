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
  }

  /// Counts a failed attempt.
  func failed(_ job: ReplicationJob, cause: String) {
    registry.counter(
      "meridian_replication_failures_total", help: "Attempts that failed, by target and cause.",
      labels: ["target": job.target.description, "cause": cause]
    ).increment()
  }
}
