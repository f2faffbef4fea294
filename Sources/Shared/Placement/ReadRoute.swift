package import SharedModel

/// How one pull is served: from which copies, in which order, and whether by sending the client there.
package struct ReadRoute<Candidate: Sendable>: Sendable {
  /// The way to the first byte.
  package enum Mode: Sendable, Hashable {
    /// The client is sent to the first candidate; it cannot be changed afterwards.
    case redirect
    /// The bytes pass through here, so that the next candidate can take over.
    case proxy
    /// There is no copy to serve from.
    case none
  }

  package let mode: Mode
  /// The copies to try, best first; those at unhealthy locations come last, for when every other has failed.
  package let candidates: [Candidate]

  /// Routes a pull.
  ///
  /// A redirect is chosen only where it is allowed and the best candidate is healthy: after the 307 nothing can fail
  /// over any more (reliability rule R6). Whoever redirects makes sure that it is so right now.
  package init(
    _ candidates: [Candidate], policy: PlacementPolicy, redirectAllowed: Bool, at location: (Candidate) -> LocationID
  ) {
    self.candidates = policy.ordered(candidates, at: location)
    guard let best = self.candidates.first else {
      mode = .none
      return
    }
    mode = redirectAllowed && !policy.unhealthy.contains(location(best)) ? .redirect : .proxy
  }
}
