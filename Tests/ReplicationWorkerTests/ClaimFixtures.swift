import Logging
import Shared
import Synchronization
import TestSupport

@testable import ReplicationWorker

/// Jobs in memory, claimed as the database would hand them out: in the order they were added.
final class MemoryClaims: JobClaims {
  struct Asked: Equatable {
    let jobClass: JobClass
    let namespace: String
    let limit: Int
  }

  private struct State {
    var waiting: [ReplicationJob] = []
    var asked: [Asked] = []
    var askedFor: [[JobID]] = []
    var failures = 0
  }

  private let state = Mutex(State())
  private let target: LocationID

  init(target: LocationID) { self.target = target }

  /// What was asked for so far.
  var asked: [Asked] { state.withLock(\.asked) }
  /// The jobs not yet claimed.
  var waiting: Int { state.withLock(\.waiting.count) }

  func add(_ ids: ClosedRange<Int64>, sizeBytes: Int64 = 1, lane: Lane = .normal) {
    let jobs = ids.map { id in
      ReplicationJob(
        id: JobID(rawValue: id), blob: BlobID(rawValue: id), digest: Digest(of: []), sizeBytes: sizeBytes,
        target: target, lane: lane, attempt: 1, leaseToken: RandomIdentifier(), createdAtMs: 0)
    }
    state.withLock { $0.waiting += jobs }
  }

  /// Makes the next claims fail.
  func fail(_ times: Int) { state.withLock { $0.failures = times } }

  func claimDue(
    _ jobClass: JobClass, after namespace: String, limit: Int
  ) async throws(CatalogError) -> ClaimedJobs {
    let jobs = state.withLock { state -> [ReplicationJob]? in
      state.asked.append(Asked(jobClass: jobClass, namespace: namespace, limit: limit))
      guard state.failures == 0 else {
        state.failures -= 1
        return nil
      }
      let taken = state.waiting.filter { JobClass(sizeBytes: $0.sizeBytes) == jobClass }.prefix(limit)
      state.waiting.removeAll { job in taken.contains { $0.id == job.id } }
      return Array(taken)
    }
    guard let jobs else { throw .closed }
    return ClaimedJobs(jobs: jobs, lastNamespace: jobs.last.map { "turn-\($0.id)" } ?? namespace)
  }

  func claim(_ ids: [JobID]) async throws(CatalogError) -> [ReplicationJob] {
    state.withLock { state in
      let taken = state.waiting.filter { ids.contains($0.id) }
      state.waiting.removeAll { ids.contains($0.id) }
      return taken
    }
  }
}

/// Waits that end only when a test says so or their task is cancelled.
final class HeldPauses: Sendable {
  private let held = Mutex<[Duration]>([])
  private let release = Bell()

  /// The pause to put in place of the clock.
  var pause: Pause { Pause { await self.wait($0) } }
  /// How long those who wait now want to wait.
  var waiting: [Duration] { held.withLock { $0 } }

  /// Ends every wait.
  func end() { release.ring() }

  private func wait(_ duration: Duration) async {
    let seen = release.count
    held.withLock { $0.append(duration) }
    await release.wait(after: seen)
    held.withLock { durations in
      if let index = durations.firstIndex(of: duration) { durations.remove(at: index) }
    }
  }
}

/// Notes the jobs that were handed out.
final class Handed: Sendable {
  private let jobs = Mutex<[ClaimedJob]>([])

  var count: Int { jobs.withLock(\.count) }
  var ids: [Int64] { jobs.withLock { $0.map(\.job.id.rawValue) } }
  var all: [ClaimedJob] { jobs.withLock { $0 } }

  func take(_ job: ClaimedJob) { jobs.withLock { $0.append(job) } }
}

/// One target with everything around it in memory.
struct ClaimFixture {
  let store: FaultyBlobStore
  let claims: MemoryClaims
  let queue = MemoryReplicationQueue()
  let bell = Bell()
  let pauses = HeldPauses()
  let handed = Handed()
  let breakers: StoreBreakers
  let time = Mutexed(ContinuousClock.now)
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init() throws {
    let location = try LocationID(parsing: "eustorage")
    let path = try StoragePath("registry").orThrow()
    store = FaultyBlobStore(MemoryStore(location: location, storagePath: path))
    claims = MemoryClaims(target: location)
    var limits = CircuitBreaker.Limits()
    limits.jitter = 0
    breakers = StoreBreakers(limits: limits, now: { [time] in time.value }, logger: logger)
  }

  var gate: TargetGate { TargetGate(store: store, breakers: breakers, probeInterval: .seconds(1)) }

  func feed(_ jobClass: JobClass = .small, slots: JobSlots) -> JobFeed {
    JobFeed(
      jobClass: jobClass, target: store.location, claims: claims, slots: slots, gate: gate, bell: bell,
      pace: FeedPace(), pause: pauses.pause, logger: logger)
  }

  var doorbell: Doorbell {
    Doorbell(
      target: store.location, consumer: "test", queue: queue, bell: bell, pace: FeedPace(), pause: pauses.pause,
      logger: logger)
  }

  /// Opens the target's breaker.
  func breakTarget() {
    for _ in 0..<CircuitBreaker.Limits().consecutiveFailures {
      breakers.record(store.location, .unavailable(status: 503, code: "test", retryAfter: nil))
    }
  }

  /// Runs `work` beside `body` and cancels it when that is done.
  func during(_ work: @escaping @Sendable () async -> Void, _ body: () async throws -> Void) async rethrows {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await work() }
      try await body()
      group.cancelAll()
    }
  }
}

/// A value that tests change while others read it.
final class Mutexed<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value { state.withLock { $0 } }

  func set(_ value: Value) { state.withLock { $0 = value } }

  /// Changes the value in one step, whatever other tasks do with it.
  func change(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
}

extension Optional {
  fileprivate struct Absent: Error {}

  fileprivate func orThrow() throws -> Wrapped {
    guard let self else { throw Absent() }
    return self
  }
}
