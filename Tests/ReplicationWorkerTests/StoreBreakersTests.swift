import Logging
import Shared
import Testing

@testable import ReplicationWorker

@Suite("A breaker per store counts what the store is to blame for")
struct StoreBreakersTests {
  private let time = Mutexed(ContinuousClock.now)
  private let registry = MetricsRegistry()
  private let breakers: StoreBreakers
  private let us: LocationID
  private let eu: LocationID
  private let key: ObjectKey

  init() throws {
    us = try LocationID(parsing: "usstorage")
    eu = try LocationID(parsing: "eustorage")
    key = ObjectKey.blob(storagePath: try #require(StoragePath("registry")), identifier: RandomIdentifier())
    var limits = CircuitBreaker.Limits()
    limits.jitter = 0
    breakers = StoreBreakers(
      limits: limits, now: { [time] in time.value }, registry: registry,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func fail(_ location: LocationID, _ error: StorageError, _ times: Int = 5) {
    for _ in 0..<times { breakers.record(location, error) }
  }

  @Test func aStoreThatFailsIsLeftAloneAndNoOther() {
    fail(us, .timedOut(phase: "test"))
    #expect(!breakers.allows(us) && breakers.allows(eu))
    #expect(breakers.state(of: eu) == .closed && breakers.state(of: us) == .open(remaining: .seconds(1)))
  }

  @Test func whatIsSaidOfOneObjectShowsThatTheStoreWorks() {
    fail(us, .unreachable(detail: "test"), 4)
    breakers.record(us, .objectMissing(key))
    fail(us, .unreachable(detail: "test"), 4)
    #expect(breakers.state(of: us) == .closed)
  }

  @Test func whatIsNobodysFaultSaysNothing() {
    fail(us, .cancelled, 50)
    fail(us, .overloaded, 50)
    fail(us, .truncated(expectedBytes: 2, receivedBytes: 1), 50)
    #expect(breakers.state(of: us) == .closed)
  }

  @Test func itIsLeftAloneForAsLongAsItAsks() {
    fail(us, .slowDown(retryAfter: .seconds(90)))
    #expect(breakers.state(of: us) == .open(remaining: .seconds(90)))
  }

  @Test func aProbeThatWasCutOffLetsTheNextOneTry() {
    fail(us, .timedOut(phase: "test"))
    time.set(time.value + .seconds(1))
    #expect(breakers.allows(us))
    #expect(!breakers.allows(us))
    breakers.record(us, .cancelled)
    #expect(breakers.allows(us))
    breakers.record(us, nil)
    #expect(breakers.state(of: us) == .closed && breakers.allows(us) && breakers.allows(us))
  }

  @Test func everyChangeRings() {
    let bell = breakers.changes(of: us)
    fail(us, .timedOut(phase: "test"), 4)
    #expect(bell.count == 0)
    fail(us, .timedOut(phase: "test"), 3)
    #expect(bell.count == 1)
    time.set(time.value + .seconds(1))
    _ = breakers.allows(us)
    breakers.record(us, nil)
    #expect(bell.count == 3 && breakers.changes(of: eu).count == 0)
  }
}
