import Logging
import ServiceLifecycle
import Shared
import Synchronization

/// Where pushes go at the moment: the first location of the region's preference that takes copies (G11).
///
/// Looked up every few seconds, so a location that is drained while this process runs gets no new uploads soon after;
/// those under way end where they began, and the drain copies them away. The commit has the last word.
final class PushLocation: Service {
  private let preference: [LocationID]
  private let catalog: Catalog
  private let interval: Duration
  private let logger: Logger
  private let state: Mutex<LocationID?>

  /// Begins with the first of `preference`, which must not be empty, until the catalog has been asked.
  init(preference: [LocationID], catalog: Catalog, logger: Logger, interval: Duration = .seconds(5)) {
    self.preference = preference
    self.catalog = catalog
    self.interval = interval
    self.logger = logger
    state = Mutex(preference.first)
  }

  /// The location; nil where none takes pushes.
  var current: LocationID? { state.withLock { $0 } }

  /// Asks the catalog; what was known stays where it does not answer.
  func refresh() async throws(CatalogError) {
    let states = Dictionary(try await catalog.locations()) { first, _ in first }
    let found = preference.first { states[$0]?.takesCopies == true }
    let before = state.withLock { state in
      defer { state = found }
      return state
    }
    guard before != found else { return }
    logger.warning("pushes go to another location", metadata: ["location": "\(found?.description ?? "none")"])
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
}
