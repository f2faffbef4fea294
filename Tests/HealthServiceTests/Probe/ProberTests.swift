import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import HealthService

@Suite("The prober reports at the deadline and never looks twice at a time")
struct ProberTests {
  /// A probe whose look heeds no cancellation: it ends when the gate opens.
  private func stubborn(_ box: Box) -> Probe {
    Probe(
      target: .redis, interval: .milliseconds(5), deadline: .milliseconds(30), thresholds: .init(rise: 2, fall: 3)
    ) {
      box.begin()
      await box.gate.pass()
      box.end()
      return .pass
    }
  }

  private final class Box: Sendable {
    let gate = Gate()
    private let counts = Mutex<(started: Int, underWay: Int, most: Int)>((0, 0, 0))
    var started: Int { counts.withLock { $0.started } }
    var most: Int { counts.withLock { $0.most } }
    func begin() {
      counts.withLock {
        $0.started += 1
        $0.underWay += 1
        $0.most = max($0.most, $0.underWay)
      }
    }
    func end() { counts.withLock { $0.underWay -= 1 } }
  }

  private final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
  }

  private func state(_ probes: [Probe]) throws -> HealthState {
    HealthState(
      region: try RegionName(parsing: "us"), home: try LocationID(parsing: "usstorage"), instance: "us-1",
      expected: probes)
  }

  private func running(_ probes: [Probe], _ state: HealthState, _ body: () async throws -> Void) async throws {
    var logger = Logger(label: "prober-tests")
    logger.logLevel = .critical
    let prober = Prober(probes: probes, state: state, logger: logger, confirmation: .milliseconds(5))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await prober.run() }
      try await body()
      group.cancelAll()
    }
  }

  @Test func aLookThatHangsIsAFailureAtItsDeadlineAndIsNotJoinedByAnother() async throws {
    let box = Box()
    let probe = stubborn(box)
    let state = try state([probe])
    try await running([probe], state) {
      try await untilTrue { state.snapshot.status(of: .redis) == .fail }
      #expect(state.snapshot.component(.redis)?.reason?.hasPrefix("no answer for") == true)
      // It goes on being said while the look hangs, so that the knowledge does not age.
      let first = state.snapshot.component(.redis)?.observedAtMs ?? 0
      try await untilTrue { (state.snapshot.component(.redis)?.observedAtMs ?? 0) > first + 20 }
      #expect(box.started == 1)
      box.gate.open()
      try await untilTrue { state.snapshot.status(of: .redis) == .pass }
      #expect(box.most == 1)
    }
  }

  @Test func aHangingLookDelaysNoOtherProbe() async throws {
    let box = Box()
    let looks = Counter()
    let quick = Probe(target: .database, interval: .milliseconds(2), deadline: .seconds(3)) {
      looks.add()
      return .pass
    }
    let state = try state([stubborn(box), quick])
    try await running([stubborn(box), quick], state) {
      try await untilTrue { looks.count > 20 }
      #expect(state.snapshot.status(of: .database) == .pass)
      box.gate.open()
    }
  }

  @Test func endsAtOnceWithALookInTheAir() async throws {
    let box = Box()
    let probe = stubborn(box)
    let state = try state([probe])
    let start = ContinuousClock.now
    try await running([probe], state) {
      try await untilTrue { box.started == 1 }
    }
    #expect(ContinuousClock.now - start < .seconds(10))
    box.gate.open()
  }

  @Test func anErrorIsAFailureWithItsReasonInWhatTheProbeLooksAt() async throws {
    struct Full: Error, CustomStringConvertible { let description = "no space left" }
    let probe = Probe(target: .redis, aspect: .writes, interval: .milliseconds(2)) { throw Full() }
    let reads = Probe(target: .redis, aspect: .reads, interval: .milliseconds(2)) { Sighting(.reads, .pass) }
    let state = try state([probe, reads])
    try await running([probe, reads], state) {
      try await untilTrue { state.snapshot.component(.redis)?.status(for: .write) == .fail }
      try await untilTrue { state.snapshot.component(.redis)?.status == .pass }
      #expect(state.snapshot.component(.redis)?.writeReason == "no space left")
    }
  }
}
