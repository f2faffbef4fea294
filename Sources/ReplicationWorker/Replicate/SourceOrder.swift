import Shared

/// The order in which the copies of a blob are tried as a source.
enum SourceOrder {
  /// Verified copies outside `target`: those this region prefers in that order, then the others by id.
  ///
  /// All of them are returned, for a job fails only when every copy did (I6).
  static func sources(of job: ReplicationJob, preference: [LocationID]) -> [Placement] {
    let rank = Dictionary(zip(preference, preference.indices), uniquingKeysWith: min)
    return job.sources
      .filter { $0.state == .verified && $0.location != job.target }
      .sorted { left, right in
        (rank[left.location] ?? Int.max, left.location) < (rank[right.location] ?? Int.max, right.location)
      }
  }
}
