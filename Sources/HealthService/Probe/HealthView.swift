import Shared

/// Everything the routes, the agent, the page and the metrics tell, as it stood at one moment.
struct HealthView: Sendable {
  /// Grows with every view; what was made of one view may be kept until the number changes.
  let revision: UInt64
  /// This region as this process sees it.
  let snapshot: RegionSnapshot
  /// All regions, this one first.
  let verdicts: [RegionVerdict]
  /// What the verdicts were made of, this process's own snapshot included.
  let observations: [RegionObservation]
  /// The drains in force.
  let drains: [RegionDrain]
  let boardReach: BoardReach
  /// When it was made, in milliseconds since the epoch.
  let atMs: Int64

  /// The verdict on one region; nil where it was never heard of.
  func verdict(on name: String) -> RegionVerdict? { verdicts.first { $0.region == name } }
}
