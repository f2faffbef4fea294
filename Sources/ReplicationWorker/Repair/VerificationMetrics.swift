import Shared

/// What verification counts; labels are locations, depths and kinds only, so their number is bounded.
struct VerificationMetrics: Sendable {
  let registry: MetricsRegistry

  /// Counts a page's findings.
  func found(_ page: CopyVerifier.Page, at location: LocationID, _ depth: VerificationDepth) {
    count(page.good.count, "good", at: location, depth)
    count(page.unknown.count, "unknown", at: location, depth)
    for item in page.quarantined { count(1, item.finding.kind, at: location, depth) }
  }

  private func count(_ copies: Int, _ finding: String, at location: LocationID, _ depth: VerificationDepth) {
    guard copies > 0 else { return }
    registry.counter(
      WorkerMetric.verifiedCopiesTotal, ["location": location.description, "depth": depth.rawValue, "finding": finding]
    ).increment(by: Double(copies))
  }

  /// States how long ago the copy verified longest ago was.
  func age(_ age: Duration?, at location: LocationID, _ depth: VerificationDepth) {
    registry.gauge(WorkerMetric.verificationAgeSeconds, ["location": location.description, "depth": depth.rawValue])
      .set((age ?? .zero) / .seconds(1))
  }

  /// Raises or ends the alarm that a bucket may be lost or another one.
  func isDoubtful(_ isDoubtful: Bool, at location: LocationID) {
    registry.gauge(WorkerMetric.bucketDoubtful, ["location": location.description]).set(isDoubtful ? 1 : 0)
  }
}
