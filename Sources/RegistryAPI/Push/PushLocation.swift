import Logging
import ServiceLifecycle
import Shared
import Synchronization

/// Where pushes go at the moment: the first location of the region's preference that takes copies and works (G6, G11).
///
/// The states are looked up every few seconds, so a location that is drained while this process runs gets no new uploads
/// soon after; those under way end where they began, and the drain copies them away. The commit has the last word. Which
/// stores work is asked with every push.
final class PushLocation: Service {
  private struct State {
    /// Those that take copies, in the order they are to be tried.
    var open: [LocationID]
    var announced: LocationID?
  }

  private let preference: [LocationID]
  private let others: [LocationID]
  private let health: StoreHealth?
  private let catalog: Catalog
  private let interval: Duration
  private let logger: Logger
  private let state: Mutex<State>

  /// Begins with all of `preference`, which must not be empty, until the catalog has been asked.
  ///
  /// Without `health`, whether stores work is not asked (`FEATURE_WRITE_FAILOVER: false`). `others` are configured
  /// locations beyond the preference, for when no store of that works.
  init(
    preference: [LocationID], others: [LocationID] = [], health: StoreHealth? = nil, catalog: Catalog, logger: Logger,
    interval: Duration = .seconds(5)
  ) {
    self.preference = preference
    self.others = others.filter { !preference.contains($0) }.sorted()
    self.health = health
    self.catalog = catalog
    self.interval = interval
    self.logger = logger
    state = Mutex(State(open: preference, announced: preference.first))
  }

  /// Whether a push may go anywhere but to the first location that takes copies.
  var hasAlternatives: Bool { health != nil }

  /// The location; nil where none takes pushes.
  var current: LocationID? { candidates.first }

  /// The locations a push may go to, best first: those whose stores work, then, where there are none, the first that takes
  /// copies at all, since a verdict may be wrong and the client loses nothing by a failure.
  var candidates: [LocationID] {
    let open = state.withLock(\.open)
    guard let health else { return Array(open.prefix(1)) }
    let unusable = health.unusable(open, for: .writing)
    let usable = open.filter { !unusable.contains($0) }
    let found = usable.isEmpty ? Array(open.prefix(1)) : usable
    announce(found.first)
    return found
  }

  /// Asks the catalog; what was known stays where it does not answer.
  func refresh() async throws(CatalogError) {
    let states = Dictionary(try await catalog.locations()) { first, _ in first }
    let beyond = health == nil ? [] : others
    let open = (preference + beyond).filter { states[$0]?.takesCopies == true }
    state.withLock { $0.open = open }
    if health == nil { announce(open.first) }
  }

  /// Asks again and again until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      while !Task.isCancelled {
        do {
          try await refresh()
        } catch {
          logger.info("the states of the locations are not known", metadata: ["error": "\(error)"])
        }
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: interval * Double.random(in: 0.8...1.2))
      }
    }
  }

  private func announce(_ found: LocationID?) {
    let before = state.withLock { state in
      defer { state.announced = found }
      return state.announced
    }
    guard before != found else { return }
    logger.warning("pushes go to another location", metadata: ["location": "\(found?.description ?? "none")"])
  }
}
