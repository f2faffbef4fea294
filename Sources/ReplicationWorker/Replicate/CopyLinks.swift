import Shared
import Synchronization

/// The links of a worker, made when first used; as many as there are pairs of configured locations at most.
final class CopyLinks: Sendable {
  private struct Ends: Hashable {
    let source: LocationID
    let target: LocationID
  }

  private let limits: ConcurrencyControl.Limits
  private let sizing: RangeSizing.Limits
  private let now: @Sendable () -> ContinuousClock.Instant
  private let registry: MetricsRegistry?
  private let links = Mutex<[Ends: CopyLink]>([:])

  /// No link yet; `registry` shows how many parts each lets through, `now` is the time throughput is measured by.
  init(
    limits: ConcurrencyControl.Limits = .init(), sizing: RangeSizing.Limits = .init(), registry: MetricsRegistry? = nil,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.limits = limits
    self.sizing = sizing
    self.registry = registry
    self.now = now
  }

  /// The link between two locations, the same for every caller.
  func link(from source: LocationID, to target: LocationID) -> CopyLink {
    links.withLock { links in
      let ends = Ends(source: source, target: target)
      if let link = links[ends] { return link }
      let gauge = registry?.gauge(
        WorkerMetric.replicationLinkParts, ["source": source.description, "target": target.description])
      let link = CopyLink(limits: limits, sizing: sizing, now: now) { gauge?.set(Double($0)) }
      links[ends] = link
      return link
    }
  }
}
