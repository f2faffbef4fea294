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
  /// What all regions stand on is taken to fail for all of them, until another region has seen it work for so long after
  /// it began to fail here, in milliseconds: more than lies between the first and the last region to notice.
  package var sharedGraceMs: Int64
  /// A region whose store fails stays in until another region's store was seen to work so long after it began to fail, in
  /// milliseconds: all may have failed at once.
  package var homeGraceMs: Int64
  /// How long an API that lost its database with all others may take to be seen working again after the database's
  /// return, in milliseconds.
  package var sharedReturnMs: Int64

  /// The defaults: 15 s, two thirds, no, 6 s, 2 s, 12 s.
  package init(
    regions: [String] = [], staleAfterMs: Int64 = 15_000, maximumOutFraction: Double = 0.67,
    servesFromRemote: Bool = false, sharedGraceMs: Int64 = 6_000,
    homeGraceMs: Int64 = 2_000, sharedReturnMs: Int64 = 12_000
  ) {
    self.regions = regions
    self.staleAfterMs = staleAfterMs
    self.maximumOutFraction = maximumOutFraction
    self.servesFromRemote = servesFromRemote
    self.sharedGraceMs = sharedGraceMs
    self.homeGraceMs = homeGraceMs
    self.sharedReturnMs = sharedReturnMs
  }
}
