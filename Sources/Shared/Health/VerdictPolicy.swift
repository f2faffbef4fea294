/// What the operator decided about verdicts.
package struct VerdictPolicy: Sendable, Hashable {
  /// The regions there are by the configuration; further ones that are heard of count as well.
  package var regions: [String]
  /// A snapshot older than this says nothing, in milliseconds (`HEALTH_STALE_SECONDS`).
  package var staleAfterMs: Int64
  /// The share of the regions that may be out by judgement at a time, 0 to 1 (`HEALTH_MAX_OUT_FRACTION`).
  package var maximumOutFraction: Double
  /// Whether a region goes on with reads from other regions' stores while its own cannot be read
  /// (`HEALTH_SERVE_FROM_REMOTE`).
  package var servesFromRemote: Bool

  /// The defaults: 15 s, two thirds, no.
  package init(
    regions: [String] = [], staleAfterMs: Int64 = 15_000, maximumOutFraction: Double = 0.67,
    servesFromRemote: Bool = false
  ) {
    self.regions = regions
    self.staleAfterMs = staleAfterMs
    self.maximumOutFraction = maximumOutFraction
    self.servesFromRemote = servesFromRemote
  }
}
