import Shared

/// The order in which the copies of a blob are tried as a source.
enum SourceOrder {
  /// Verified copies outside `target`: those in stores that work, then those this region prefers, then by id.
  ///
  /// All of them are returned, for a job fails only when every copy did (I6). Where there is none, the quarantined copies
  /// are, the target's own too: what was found wrong may be right by now, and no copy is made of bytes that are not.
  static func sources(
    _ placements: [Placement], target: LocationID, preference: [LocationID],
    isHealthy: (LocationID) -> Bool = { _ in true }
  ) -> [Placement] {
    let verified = placements.filter { $0.state == .verified && $0.location != target }
    let rank = Dictionary(zip(preference, preference.indices), uniquingKeysWith: min)
    return
      (verified.isEmpty ? placements.filter { $0.state == .quarantined } : verified)
      .map { (placement: $0, isHealthy: isHealthy($0.location)) }
      .sorted { left, right in
        guard left.isHealthy == right.isHealthy else { return left.isHealthy }
        return (rank[left.placement.location] ?? Int.max, left.placement.location)
          < (rank[right.placement.location] ?? Int.max, right.placement.location)
      }
      .map(\.placement)
  }
}
