import Shared

/// Lets a target's feeds claim while its store works, and one of them a single job while that is to be found out.
///
/// The store's own probe comes first, so that a store that is plainly away costs no job an attempt.
struct TargetGate: Sendable {
  /// What a feed may do.
  enum Entry: Sendable, Equatable {
    case open
    /// Claim one job and no more.
    case probe
    /// Nothing, for this long, or until the breaker has changed more than `seen` times.
    case closed(for: Duration, seen: UInt64)
  }

  let store: any BlobStore
  let breakers: StoreBreakers
  /// How long to wait for another feed's probe.
  let probeInterval: Duration

  /// Whether the store is taken for healthy.
  var isOpen: Bool { breakers.state(of: store.location) == .closed }

  /// Whether to claim now; `probe` is to be ended with `probeEnded` or `opened`.
  func enter() async -> Entry {
    let location = store.location
    let seen = breakers.changes(of: location).count
    switch breakers.state(of: location) {
    case .closed: return .open
    case .open(let remaining): return .closed(for: remaining, seen: seen)
    case .halfOpen(isProbeUnderWay: true): return .closed(for: probeInterval, seen: seen)
    case .halfOpen(isProbeUnderWay: false): break
    }
    guard breakers.allows(location) else { return .closed(for: probeInterval, seen: seen) }
    do {
      try await store.probe()
      return .probe
    } catch {
      breakers.record(location, error)
      if case .open(let remaining) = breakers.state(of: location) { return .closed(for: remaining, seen: seen) }
      return .closed(for: probeInterval, seen: seen)
    }
  }

  /// The job that was the probe has ended; where its copy has said nothing about the target, another may try.
  func probeEnded() { breakers.endProbe(of: store.location) }

  /// The store answered and there is nothing to copy.
  func opened() { breakers.record(store.location, nil) }

  /// Waits for the breaker to change, at most for `limit`; until then neither messages nor due rows matter.
  func wait(after seen: UInt64, atMost limit: Duration, _ pause: Pause) async {
    await breakers.changes(of: store.location).wait(after: seen, atMost: limit, pause)
  }
}
