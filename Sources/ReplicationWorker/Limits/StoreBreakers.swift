import Logging
import Shared
import Synchronization

/// One circuit breaker per store, so that a store that fails is left alone and costs no other anything (I10).
///
/// The feeds of a target ask about the target before they claim, so whoever copies asks only about *sources*, and reports
/// on both. A probe of a target is one claimed job.
final class StoreBreakers: Sendable {
  private let limits: CircuitBreaker.Limits
  private let now: @Sendable () -> ContinuousClock.Instant
  private let registry: MetricsRegistry
  private let logger: Logger
  private let breakers = Mutex<[LocationID: CircuitBreaker]>([:])
  private let bells = Mutex<[LocationID: Bell]>([:])

  /// Starts with every store taken for healthy; `now` is the time open breakers are measured by.
  init(
    limits: CircuitBreaker.Limits = .init(),
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
    registry: MetricsRegistry = .shared, logger: Logger
  ) {
    self.limits = limits
    self.now = now
    self.registry = registry
    self.logger = logger
  }

  /// Whether the store is worth a call now; while it is being tried again only the first to ask may call.
  ///
  /// Whoever was allowed reports with `record`, whatever came of it.
  func allows(_ location: LocationID) -> Bool {
    change(location) { breaker, now in breaker.admits(at: now) }
  }

  /// Reports what a call came to: nil for success.
  ///
  /// Only failures of the whole store count against it. An answer about one object (missing, refused) shows that the
  /// store works; a call that was cancelled or never made says nothing.
  func record(_ location: LocationID, _ error: StorageError?) {
    change(location) { breaker, now in
      switch Self.meaning(of: error) {
      case .works:
        breaker.recordSuccess(at: now)
      case .fails(let retryAfter):
        var generator = SystemRandomNumberGenerator()
        breaker.recordFailure(retryAfter: retryAfter, at: now, using: &generator)
      case .nothing:
        breaker.giveUpProbe()
      }
    }
    if let error, case .fails = Self.meaning(of: error) {
      registry.counter(WorkerMetric.storeFailuresTotal, ["location": location.description]).increment()
      logger.debug("a store failed", metadata: ["store": "\(location)", "error": "\(error)"])
    }
  }

  /// Where the store's breaker stands.
  func state(of location: LocationID) -> CircuitBreaker.State {
    let time = now()
    return breakers.withLock { $0[location]?.state(at: time) } ?? .closed
  }

  /// A bell that is rung whenever the store's breaker opens, closes or may be tried by another.
  func changes(of location: LocationID) -> Bell {
    bells.withLock { bells in
      let bell = bells[location] ?? Bell()
      bells[location] = bell
      return bell
    }
  }

  /// Lets another try where the probe has ended without a word on the store; nothing otherwise.
  func endProbe(of location: LocationID) {
    change(location) { breaker, _ in breaker.giveUpProbe() }
  }

  private enum Meaning {
    case works
    case fails(retryAfter: Duration?)
    case nothing
  }

  private static func meaning(of error: StorageError?) -> Meaning {
    guard let error else { return .works }
    if error.isStoreFailure { return .fails(retryAfter: error.retryAfter) }
    switch error {
    case .objectMissing, .uploadMissing, .refused, .tooLarge: return .works
    default: return .nothing
    }
  }

  @discardableResult
  private func change<Value: Sendable>(
    _ location: LocationID, _ body: (inout CircuitBreaker, ContinuousClock.Instant) -> Value
  ) -> Value {
    let time = now()
    let (value, before, after) = breakers.withLock { breakers in
      var breaker = breakers[location] ?? CircuitBreaker(limits: limits)
      let before = breaker.state(at: time)
      let value = body(&breaker, time)
      breakers[location] = breaker
      return (value, before, breaker.state(at: time))
    }
    if Self.kind(before) != Self.kind(after) { changes(of: location).ring() }
    report(location, from: before, to: after)
    return value
  }

  /// The state without the time that is left, which changes by itself.
  private static func kind(_ state: CircuitBreaker.State) -> CircuitBreaker.State {
    if case .open = state { return .open(remaining: .zero) }
    return state
  }

  private func report(_ location: LocationID, from before: CircuitBreaker.State, to after: CircuitBreaker.State) {
    switch (before, after) {
    case (.closed, .open(let remaining)), (.halfOpen, .open(let remaining)):
      registry.counter(WorkerMetric.storeBreakerOpenedTotal, ["location": location.description]).increment()
      logger.warning(
        "a store fails and is left alone for a while",
        metadata: ["store": "\(location)", "seconds": "\(remaining / .seconds(1))"])
    case (.halfOpen, .closed):
      logger.info("a store works again", metadata: ["store": "\(location)"])
    default: break
    }
  }
}
