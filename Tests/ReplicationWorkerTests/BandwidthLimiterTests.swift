import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("Bandwidth limits hold bytes back in the order of asking", .timeLimit(.minutes(1)))
struct BandwidthLimiterTests {
  private let time = Mutexed(ContinuousClock.now)
  private let pauses = HeldPauses()
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private let target: LocationID
  private let rate: TransferRate

  init() throws {
    target = try LocationID(parsing: "eustorage")
    rate = try #require(TransferRate(parsing: "1MB/s"))
  }

  /// Leases as a test lays them down; the last one again and again.
  private final class PlannedLeases: BandwidthLeases {
    private let state: Mutex<(answers: [Result<BandwidthLease, QueueError>], asked: [Int64])>

    init(_ answers: [Result<BandwidthLease, QueueError>]) { state = Mutex((answers, [])) }

    var asked: [Int64] { state.withLock(\.asked) }

    func lease(
      _ wantedBytes: Int64, to location: LocationID, rate: TransferRate, worker: String
    ) async throws(QueueError) -> BandwidthLease {
      try state.withLock { state in
        state.asked.append(wantedBytes)
        let answer = state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        return answer
      }.get()
    }

    func close() async {}
  }

  private func shared(_ leases: any BandwidthLeases) -> SharedBandwidth {
    SharedBandwidth(
      location: target, rate: rate, leases: leases, worker: "test", now: { [time] in time.value }, logger: logger)
  }

  private func granted(_ bytes: Int64, retryAfter: Duration = .zero, workers: Int = 1) -> Result<
    BandwidthLease, QueueError
  > {
    .success(BandwidthLease(grantedBytes: bytes, retryAfter: retryAfter, workers: workers))
  }

  @Test func partsAreServedInTheOrderTheyCame() async throws {
    let pacing = TargetPacing(own: rate, shared: nil, now: { [time] in time.value }, pause: pauses.pause)
    try await pacing.admit(250_000)
    let order = OrderRecorder()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await pacing.admit(200_000)
        order.record(1)
      }
      try await untilTrue { pauses.waiting == [.milliseconds(200)] }
      group.addTask {
        try await pacing.admit(1)
        order.record(2)
      }
      time.set(time.value + .milliseconds(100))
      pauses.end()
      try await untilTrue { pauses.waiting == [.milliseconds(100)] }
      #expect(order.values.isEmpty, "a small part does not overtake a large one")
      time.set(time.value + .milliseconds(101))
      pauses.end()
      try await group.waitForAll()
    }
    #expect(order.values == [1, 2])
  }

  @Test func whoGivesUpIsChargedNothing() async throws {
    let never = PlannedLeases([granted(0, retryAfter: .seconds(1))])
    let pacing = TargetPacing(own: rate, shared: shared(never), now: { [time] in time.value }, pause: pauses.pause)
    let waiting = Task { try await pacing.admit(250_000) }
    try await untilTrue { pauses.waiting.count == 1 }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    let own = TargetPacing(own: rate, shared: nil, now: { [time] in time.value }, pause: pauses.pause)
    try await own.admit(250_000)
    let second = Task { try await own.admit(250_000) }
    try await untilTrue { pauses.waiting.count == 1 }
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    time.set(time.value + .milliseconds(250))
    try await own.admit(250_000)
  }

  @Test func aTargetWithoutALimitIsNeverHeldBack() async throws {
    let limiter = BandwidthLimiter(
      own: [target: rate], overall: [:], leases: PlannedLeases([granted(0)]), worker: "test", logger: logger)
    for _ in 0..<1_000 { try await limiter.admit(bytes: 1 << 40, to: try LocationID(parsing: "usstorage")) }
  }

  @Test func leasesAQuarterSecondAtATimeUntilAPartIsPaidFor() async throws {
    let leases = PlannedLeases([granted(250_000)])
    let shared = shared(leases)
    #expect(await shared.take(1_000_000) == nil)
    #expect(leases.asked == [250_000], "a large part starts when a quarter second's worth is there")
    #expect(await shared.take(1) == nil)
    #expect(leases.asked.count == 5, "and is paid for before the next one")
  }

  @Test func asksAgainWhenTheServerSaysSo() async throws {
    let shared = shared(PlannedLeases([granted(0, retryAfter: .milliseconds(80)), granted(250_000)]))
    let wait = try #require(await shared.take(1_000))
    #expect(wait >= .milliseconds(80) && wait <= .milliseconds(96))
    #expect(await shared.take(1_000) == nil)
  }

  @Test func whatWasLeasedAndNotUsedInTimeIsLeftToOthers() async throws {
    let leases = PlannedLeases([granted(250_000)])
    let shared = shared(leases)
    #expect(await shared.take(10) == nil)
    #expect(await shared.take(10) == nil)
    #expect(leases.asked.count == 1)
    time.set(time.value + .milliseconds(1001))
    #expect(await shared.take(10) == nil)
    #expect(leases.asked.count == 2)
  }

  @Test func withoutRedisAWorkerKeepsToItsEvenShareAndTriesAgainLater() async throws {
    let leases = PlannedLeases([
      granted(250_000, workers: 4), .failure(.unavailable(detail: "test")), .failure(.unavailable(detail: "test")),
      granted(250_000, workers: 4),
    ])
    let shared = shared(leases)
    #expect(await shared.take(250_000) == nil)
    #expect(await shared.take(62_500) == nil, "a quarter second of a quarter of the rate")
    #expect(await shared.take(62_500) == .milliseconds(250))
    #expect(leases.asked.count == 2, "Redis is left alone for a while")
    time.set(time.value + .seconds(5))
    #expect(await shared.take(62_500) == nil)
    #expect(await shared.take(62_500) == .milliseconds(250))
    #expect(leases.asked.count == 3)
    time.set(time.value + .seconds(5))
    #expect(await shared.take(250_000) == nil)
    #expect(leases.asked.count == 4)
  }
}
