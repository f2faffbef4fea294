import Logging
import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("What a worker shows", .timeLimit(.minutes(1)))
struct ObserveTests {
  private let registry = MetricsRegistry()
  private let eu: LocationID
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init() throws { eu = try LocationID(parsing: "eustorage") }

  private var text: String { registry.prometheusText(process: nil) }

  @Test func everyMetricIsDescribedAndEveryDescriptionIsOfAMetric() throws {
    WorkerMetric.declareAll(in: registry)
    #expect(try MetricsDocument().differences(from: registry.declared, of: "replication-worker") == [])
  }

  @Test func figuresBecomeGaugesOfTargetAndLaneAndAreReplaced() {
    let gauges = FigureGauges(registry: registry)
    var figures = LocationFigures(location: eu)
    figures.pending[.backfill] = .init(objects: 3, bytes: 300, oldestSeconds: 12)
    figures.parked = 1
    figures.oldestVerifiedSeconds = 86_400
    figures.atRisk = 7
    gauges.show(ReplicationFigures(locations: [figures]))
    for line in [
      "meridian_replication_pending_objects{lane=\"backfill\",target=\"eustorage\"} 3",
      "meridian_replication_pending_objects{lane=\"urgent\",target=\"eustorage\"} 0",
      "meridian_replication_pending_bytes{lane=\"backfill\",target=\"eustorage\"} 300",
      "meridian_replication_oldest_pending_seconds{lane=\"backfill\",target=\"eustorage\"} 12",
      "meridian_replication_parked_objects{target=\"eustorage\"} 1",
      "meridian_location_oldest_verified_seconds{location=\"eustorage\"} 86400",
      "meridian_replication_at_risk_objects{location=\"eustorage\"} 7",
    ] { #expect(text.contains(line + "\n"), "\(line)") }
    gauges.show(ReplicationFigures(locations: [LocationFigures(location: eu)]))
    #expect(text.contains("meridian_replication_pending_objects{lane=\"backfill\",target=\"eustorage\"} 0\n"))
    #expect(text.contains("meridian_replication_at_risk_objects{location=\"eustorage\"} 0\n"))
  }

  @Test func slotsMemoryAndBreakersAreShownAsTheyAreAtThatMoment() async throws {
    let breakers = StoreBreakers(registry: registry, logger: logger)
    let small = JobSlots(count: 8)
    let memory = TransferMemory(capacityBytes: 1_000)
    let gauges = WorkerGauges(
      registry: registry,
      targets: [.init(location: eu, slots: [.small: small], express: JobSlots(count: 2), memory: memory)],
      stores: [eu], breakers: breakers)
    _ = await small.take(upTo: 3)
    let reservation = try await memory.reserve(400)
    for _ in 0..<5 { breakers.record(eu, .timedOut(phase: "test")) }
    gauges.refresh()
    for line in [
      "meridian_worker_copies_running{class=\"small\",target=\"eustorage\"} 3",
      "meridian_worker_slots{class=\"express\",target=\"eustorage\"} 2",
      "meridian_worker_memory_reserved_bytes{target=\"eustorage\"} 400",
      "meridian_store_breaker_state{location=\"eustorage\"} 2",
      "meridian_store_failures_total{location=\"eustorage\"} 5",
      "meridian_store_breaker_opened_total{location=\"eustorage\"} 1",
    ] { #expect(text.contains(line + "\n"), "\(line)") }
    reservation.release()
  }

  @Test func lagIsCountedFromTheOpeningOfTheJob() {
    let metrics = WorkerMetrics(registry: registry)
    let job = ReplicationJob(
      id: JobID(rawValue: 1), blob: BlobID(rawValue: 1), digest: Digest(of: []), sizeBytes: 1, target: eu,
      lane: .normal, attempt: 1, leaseToken: RandomIdentifier(), createdAtMs: 10_000)
    metrics.observeLag(of: job, nowMs: 10_020)
    metrics.observeLag(of: job, nowMs: 9_000)
    #expect(
      text.contains("meridian_replication_lag_seconds_bucket{lane=\"normal\",target=\"eustorage\",le=\"0.025\"} 2\n"))
    #expect(text.contains("meridian_replication_lag_seconds_sum{lane=\"normal\",target=\"eustorage\"} 0.02\n"))
  }

  @Test func figuresAreReadOnABeatAndAFailureIsSaidOnce() async throws {
    struct Away: Error {}
    let reads = Mutexed(0)
    let pauses = HeldPauses()
    let lines = LogLines()
    var parked = LocationFigures(location: eu)
    parked.parked = 2
    let figures = ReplicationFigures(locations: [parked])
    let service = FigureService(
      read: {
        reads.set(reads.value + 1)
        if (2...3).contains(reads.value) { throw Away() }
        return figures
      }, gauges: FigureGauges(registry: registry), targets: [eu], pause: pauses.pause, logger: lines.logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await service.run() }
      for read in 1...5 {
        try await untilTrue { reads.value == read && pauses.waiting.count == 1 }
        let interval = try #require(pauses.waiting.first)
        #expect(interval >= .seconds(12) && interval <= .seconds(18))
        pauses.end()
      }
      group.cancelAll()
    }
    #expect(lines.levels.filter { $0 == .error }.count == 1, "an alarm is not repeated on every beat")
    #expect(lines.levels.filter { $0 == .warning }.count == 1)
  }

  @Test func choresAreDoneInStepsUntilNothingIsLeft() async throws {
    let pauses = HeldPauses()
    let left = Mutexed(25)
    let steps = Mutexed(0)
    let chore = Chore(name: "test", interval: .seconds(5), limit: 10) { limit in
      steps.set(steps.value + 1)
      let done = min(limit, left.value)
      left.set(left.value - done)
      return done
    }
    let keeping = Housekeeping(chores: [chore], pause: pauses.pause, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await keeping.run() }
      try await untilTrue { pauses.waiting.count == 1 }
      #expect(steps.value == 0)
      pauses.end()
      try await untilTrue { pauses.waiting.count == 1 && steps.value == 3 }
      #expect(left.value == 0)
      group.cancelAll()
    }
  }
}

/// Notes the levels of what is logged.
private final class LogLines: Sendable {
  private let noted = Mutexed<[Logger.Level]>([])

  var levels: [Logger.Level] { noted.value }

  var logger: Logger { Logger(label: "test") { _ in Handler(noted: self.noted) } }

  private struct Handler: LogHandler {
    let noted: Mutexed<[Logger.Level]>
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { noted.set(noted.value + [event.level]) }
  }
}
