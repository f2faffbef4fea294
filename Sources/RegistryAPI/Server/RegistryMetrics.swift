import HTTPTypes
import Shared
import Synchronization

/// The figures the API reports; label sets are fixed, whatever clients send (security rule 31).
final class RegistryMetrics: Sendable {
  /// What became of an upload session.
  enum UploadEvent: String, CaseIterable {
    case begun, finished
    /// Ended by the client, or because its bytes were not the blob's.
    case givenUp = "given_up"
  }

  /// How a pulled blob reached the client.
  enum PullWay: String {
    case redirect, bytes
  }

  /// A cache whose use is counted.
  enum Cache: String, CaseIterable {
    case manifests, tokens
  }

  private let registry: MetricsRegistry
  private let requests: RequestSeries
  private let uploads: [UploadEvent: Counter]
  private let hits: [Cache: Counter]
  private let misses: [Cache: Counter]
  private let inFlight, uploadsOpen: Gauge
  private let sent, received, pushed, dropped, refused: Counter
  private let urgentAsked, urgentDropped: Counter
  private let failedOver, resumed, wrongBytes, quarantined: Counter
  private let beforeText = Mutex<@Sendable (MetricsRegistry) -> Void>({ _ in })

  /// Makes all series at once, so that counting takes no lock on the registry.
  init(registry: MetricsRegistry = .shared) {
    self.registry = registry
    RegistryMetric.declareAll(in: registry)
    requests = RequestSeries(registry: registry)
    uploads = Dictionary(
      uniqueKeysWithValues: UploadEvent.allCases.map {
        ($0, registry.counter(RegistryMetric.uploads, ["event": $0.rawValue]))
      })
    func lookups(_ outcome: String) -> [Cache: Counter] {
      Dictionary(
        uniqueKeysWithValues: Cache.allCases.map {
          ($0, registry.counter(RegistryMetric.cacheLookups, ["cache": $0.rawValue, "outcome": outcome]))
        })
    }
    hits = lookups("hit")
    misses = lookups("miss")
    inFlight = registry.gauge(RegistryMetric.inFlight)
    uploadsOpen = registry.gauge(RegistryMetric.uploadsOpen)
    sent = registry.counter(RegistryMetric.sentBytes)
    received = registry.counter(RegistryMetric.receivedBytes)
    pushed = registry.counter(RegistryMetric.pushedBytes)
    dropped = registry.counter(RegistryMetric.announcementsDropped)
    refused = registry.counter(RegistryMetric.connectionsRefused)
    urgentAsked = registry.counter(RegistryMetric.urgentCopies)
    urgentDropped = registry.counter(RegistryMetric.urgentDropped)
    failedOver = registry.counter(RegistryMetric.copiesFailed)
    resumed = registry.counter(RegistryMetric.bodiesResumed)
    wrongBytes = registry.counter(RegistryMetric.wrongBytes)
    quarantined = registry.counter(RegistryMetric.quarantined)
  }

  /// Notes that a request is being answered.
  func requestStarted() { inFlight.add(1) }

  /// Notes that a request is not being answered any more.
  func requestEnded() { inFlight.add(-1) }

  /// Counts an answered request.
  func answered(_ record: RequestRecord, duration: Duration) {
    requests.answered(record.kind, method: record.method, status: record.status, duration: duration)
    sent.increment(by: Double(record.sentBytes))
    received.increment(by: Double(record.receivedBytes))
  }

  /// Counts a connection that was refused.
  func connectionRefused() { refused.increment() }

  /// Counts a committed blob.
  func uploaded(bytes: Int64) { pushed.increment(by: Double(bytes)) }

  /// Counts what became of an upload session.
  func upload(_ event: UploadEvent) { uploads[event]?.increment() }

  /// Runs `body` as a request that writes to an upload.
  func whileUploading<Value>(_ body: () async throws -> Value) async rethrows -> Value {
    uploadsOpen.add(1)
    defer { uploadsOpen.add(-1) }
    return try await body()
  }

  /// Counts a pull of a blob that is served from `location`, which is the nearest that has a copy or another one.
  func pulled(from location: LocationID, _ way: PullWay, isNearest: Bool) {
    registry.counter(
      RegistryMetric.pulls,
      ["location": location.description, "way": way.rawValue, "copy": isNearest ? "nearest" : "other"]
    ).increment()
  }

  /// Counts a question to a cache.
  func lookedUp(_ cache: Cache, isHit: Bool) { (isHit ? hits : misses)[cache]?.increment() }

  /// Counts jobs that were not announced.
  func announcementsDropped(_ count: Int) { dropped.increment(by: Double(count)) }

  /// Counts jobs moved to the urgent lane.
  func urgentCopiesAsked(_ count: Int) { urgentAsked.increment(by: Double(count)) }

  /// Counts blobs that should have been moved to the urgent lane and were not.
  func urgentCopiesDropped(_ count: Int) { urgentDropped.increment(by: Double(count)) }

  /// Counts a copy that failed.
  func readFailedOver() { failedOver.increment() }

  /// Counts a body that went on from another copy.
  func readResumed() { resumed.increment() }

  /// Counts a blob whose bytes were wrong.
  func wrongBytesRead() { wrongBytes.increment() }

  /// Notes whether a store is used where there is a choice.
  func storeIsUsable(_ location: LocationID, for use: StoreKnowledge.Use, _ isUsable: Bool) {
    registry.gauge(
      RegistryMetric.storeUsable,
      ["location": location.description, "use": use == .reading ? "reading" : "writing"]
    ).set(isUsable ? 1 : 0)
  }

  /// Counts a copy put aside.
  func copyQuarantined() { quarantined.increment() }

  /// Has `show` bring gauges up to date whenever figures are asked for.
  func beforeText(_ show: @escaping @Sendable (MetricsRegistry) -> Void) { beforeText.withLock { $0 = show } }

  /// All figures of the process in Prometheus' text format.
  func text() -> String {
    beforeText.withLock { $0 }(registry)
    return registry.prometheusText()
  }
}
