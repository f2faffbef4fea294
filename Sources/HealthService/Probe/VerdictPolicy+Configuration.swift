import Shared

extension VerdictPolicy {
  /// What the configuration says about verdicts, and the regions it names.
  init(_ configuration: Configuration) {
    self.init(
      regions: configuration.regions.map(\.name.description), staleAfterMs: configuration.health.staleAfter.wholeMs,
      maximumOutFraction: configuration.health.maximumOutFraction,
      servesFromRemote: configuration.health.servesFromRemote)
  }
}
