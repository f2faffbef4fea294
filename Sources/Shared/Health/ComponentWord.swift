/// What a region's health services together say of one component in one direction.
struct ComponentWord: Sendable, Hashable {
  let component: String
  let status: ProbeStatus
  /// One line for people, where one was given.
  let reason: String?
  /// How long it has been so: the shortest time of those who say so, in milliseconds.
  let heldMs: Int64
  /// How long ago the latest look was, in milliseconds.
  let lookAgeMs: Int64
  /// Where the services see different things, what each sees.
  let disagreement: String?

  /// One service's word.
  struct Vote {
    let instance: String
    let health: ComponentHealth
    let ageMs: Int64
    let isOwn: Bool
  }

  /// Puts the votes of a region's services together; they are in the order of the services' names.
  ///
  /// The majority of those that know something decides. With as many on one side as on the other the component works if
  /// `isPulling` says that the region's canary is pulled: that is what it is all for. What this process has not looked at
  /// itself yet is unknown to it, whatever another says: a service that has just started vouches for nothing (I10).
  init(_ component: String, votes: [Vote], direction: TrafficDirection, isPulling: Bool) {
    self.component = component
    let own = votes.first { $0.isOwn }
    let working = votes.filter { $0.health.status(for: direction).servesTraffic }
    let failing = votes.filter { $0.health.status(for: direction) == .fail }
    let works = working.count > failing.count || (working.count == failing.count && isPulling)
    if let own, own.health.status(for: direction) == .unknown {
      (status, reason, heldMs, lookAgeMs) = Self.summary(of: [own], .unknown, direction)
    } else if working.isEmpty, failing.isEmpty {
      (status, reason, heldMs, lookAgeMs) = Self.summary(of: votes, .unknown, direction)
    } else if works {
      let isPlain = working.allSatisfy { $0.health.status(for: direction) == .pass }
      (status, reason, heldMs, lookAgeMs) = Self.summary(of: working, isPlain ? .pass : .warn, direction)
    } else {
      (status, reason, heldMs, lookAgeMs) = Self.summary(of: failing, .fail, direction)
    }
    disagreement =
      working.isEmpty || failing.isEmpty
      ? nil
      : "\(failing.map(\.instance).joined(separator: ", ")) sees it fail, "
        + "\(working.map(\.instance).joined(separator: ", ")) sees it work"
  }

  private static func summary(
    of votes: [Vote], _ status: ProbeStatus, _ direction: TrafficDirection
  ) -> (ProbeStatus, String?, Int64, Int64) {
    (
      status, votes.lazy.compactMap { $0.health.reason(for: direction) }.first,
      votes.map { sum($0.health.heldMs(for: direction), $0.ageMs) }.min() ?? 0,
      votes.map { sum($0.health.lookAgeMs, $0.ageMs) }.min() ?? 0
    )
  }

  /// Both are what others wrote: their sum may be too large to hold.
  private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflows) = left.addingReportingOverflow(max(0, right))
    return overflows ? Int64.max : sum
  }
}
