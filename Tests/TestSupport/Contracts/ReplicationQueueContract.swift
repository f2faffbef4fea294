package import Shared
import Testing

/// The rules every replication queue keeps, whatever it is made of; one check each.
///
/// The checks run on a queue whose streams of these targets are empty.
package struct ReplicationQueueContract: Sendable {
  private let queue: any ReplicationQueue
  private let eu: LocationID
  private let ap: LocationID

  /// Takes the queue under test.
  package init(_ queue: any ReplicationQueue) throws {
    self.queue = queue
    eu = try LocationID(parsing: "eustorage")
    ap = try LocationID(parsing: "apstorage")
  }

  /// The rules, by name.
  package enum Rule: String, Sendable, CaseIterable {
    case deliversWhatWasAnnounced, urgentFirst, respectsLimit, deliversOnce, wakesWaiting, timesOutEmpty,
      endsOnCancellation, recoversAbandoned, forgetsAcknowledged, separatesTargets, forgetsTargets, acceptsRepeats,
      refusesAfterClose
  }

  /// Checks one rule; failed expectations are recorded in the running test.
  package func check(_ rule: Rule) async throws {
    switch rule {
    case .deliversWhatWasAnnounced: try await deliversWhatWasAnnounced()
    case .urgentFirst: try await urgentFirst()
    case .respectsLimit: try await respectsLimit()
    case .deliversOnce: try await deliversOnce()
    case .wakesWaiting: try await wakesWaiting()
    case .timesOutEmpty: try await timesOutEmpty()
    case .endsOnCancellation: try await endsOnCancellation()
    case .recoversAbandoned: try await recoversAbandoned()
    case .forgetsAcknowledged: try await forgetsAcknowledged()
    case .separatesTargets: try await separatesTargets()
    case .forgetsTargets: try await forgetsTargets()
    case .acceptsRepeats: try await acceptsRepeats()
    case .refusesAfterClose: try await refusesAfterClose()
    }
  }

  private func job(_ number: Int64, _ lane: Lane = .normal, at target: LocationID? = nil) -> JobAnnouncement {
    JobAnnouncement(id: JobID(rawValue: number), target: target ?? eu, lane: lane)
  }

  private func receive(
    _ targets: [LocationID]? = nil, consumer: String = "one", limit: Int = 100, wait: Duration = .zero
  ) async throws -> [QueueDelivery] {
    try await queue.receive(targets: targets ?? [eu], consumer: consumer, limit: limit, wait: wait)
  }

  private func forgetsTargets() async throws {
    try await queue.announce([job(1), job(2, .urgent), job(3, .backfill), job(4, at: ap)])
    _ = try await receive(limit: 1)
    try await queue.forget(targets: [eu])
    #expect(try await receive([eu, ap]).map(\.id) == [JobID(rawValue: 4)])
    #expect(try await queue.recoverAbandoned(targets: [eu], consumer: "two", minimumIdle: .zero, limit: 9).isEmpty)
    try await queue.announce([job(5)])
    #expect(try await receive().map(\.id) == [JobID(rawValue: 5)])
  }

  private func deliversWhatWasAnnounced() async throws {
    let jobs = [job(1), job(9_223_372_036_854_775_807, .backfill), job(3, .urgent)]
    try await queue.announce(jobs)
    let received = try await receive()
    #expect(Set(received.map { JobAnnouncement(id: $0.id, target: $0.target, lane: $0.lane) }) == Set(jobs))
  }

  private func urgentFirst() async throws {
    try await queue.announce([
      job(1, .backfill), job(2, .normal), job(3, .urgent), job(4, .normal), job(5, .urgent, at: ap), job(6, .backfill),
    ])
    #expect(try await receive([eu, ap]).map(\.lane) == [.urgent, .urgent, .normal, .normal, .backfill, .backfill])
  }

  private func respectsLimit() async throws {
    try await queue.announce((1...10).map { job($0, Lane.allCases[Int($0) % 3], at: $0 > 5 ? ap : eu) })
    var sizes: [Int] = []
    var ids: Set<JobID> = []
    while true {
      let received = try await receive([eu, ap], limit: 4)
      if received.isEmpty { break }
      sizes.append(received.count)
      ids.formUnion(received.map(\.id))
    }
    #expect(sizes == [4, 4, 2])
    #expect(ids.count == 10)
  }

  private func deliversOnce() async throws {
    try await queue.announce((1...200).map { job($0) })
    let received = try await withThrowingTaskGroup(of: [QueueDelivery].self) { group in
      for consumer in ["one", "two", "three", "four"] {
        group.addTask {
          var mine: [QueueDelivery] = []
          while true {
            let more = try await receive(consumer: consumer, limit: 7)
            if more.isEmpty { return mine }
            mine += more
          }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(received.count == 200)
    #expect(Set(received.map(\.id)).count == 200)
  }

  private func wakesWaiting() async throws {
    // Whichever comes first, the wait or the announcement: the delivery must come long before the wait is over.
    let started = ContinuousClock.now
    async let waiting = receive([ap, eu], wait: .seconds(20))
    try await queue.announce([job(7, .backfill)])
    #expect(try await waiting.map(\.id) == [JobID(rawValue: 7)])
    #expect(started.duration(to: .now) < .seconds(10))
  }

  private func timesOutEmpty() async throws {
    #expect(try await receive(wait: .milliseconds(50)).isEmpty)
    #expect(try await receive([], wait: .seconds(20)).isEmpty)
    #expect(try await receive(limit: 0, wait: .seconds(20)).isEmpty)
  }

  private func endsOnCancellation() async throws {
    let started = ContinuousClock.now
    let waiting = Task { try await receive(wait: .seconds(20)) }
    waiting.cancel()
    let result = await waiting.result
    #expect(throws: QueueError.cancelled) { try result.get() }
    #expect(started.duration(to: .now) < .seconds(10))
    try await queue.announce([job(8)])
    #expect(try await receive(wait: .seconds(5)).map(\.id) == [JobID(rawValue: 8)])
  }

  private func recoversAbandoned() async throws {
    try await queue.announce((1...25).map { job($0, $0 > 20 ? .urgent : .normal) })
    let received = try await receive(consumer: "dead")
    #expect(received.count == 25)
    let none = try await queue.recoverAbandoned(
      targets: [eu], consumer: "alive", minimumIdle: .seconds(3600), limit: 100)
    #expect(none.isEmpty)
    let some = try await queue.recoverAbandoned(targets: [eu], consumer: "alive", minimumIdle: .zero, limit: 7)
    #expect(some.count == 7)
    #expect(some.prefix(5).allSatisfy { $0.lane == .urgent })
    let all = try await queue.recoverAbandoned(targets: [eu], consumer: "alive", minimumIdle: .zero, limit: 100)
    #expect(Set(all.map(\.receipt)) == Set(received.map(\.receipt)))
    #expect(try await queue.recoverAbandoned(targets: [ap], consumer: "a", minimumIdle: .zero, limit: 9).isEmpty)
  }

  private func forgetsAcknowledged() async throws {
    try await queue.announce([job(1), job(2, .urgent)])
    let received = try await receive()
    try await queue.acknowledge(received)
    try await queue.acknowledge(received)
    try await queue.acknowledge([])
    #expect(try await queue.recoverAbandoned(targets: [eu], consumer: "x", minimumIdle: .zero, limit: 9).isEmpty)
    #expect(try await receive().isEmpty)
  }

  private func separatesTargets() async throws {
    try await queue.announce([job(1, at: eu), job(2, at: ap)])
    #expect(try await receive([ap]).map(\.id) == [JobID(rawValue: 2)])
    #expect(try await receive([ap]).isEmpty)
    #expect(try await receive([eu]).map(\.id) == [JobID(rawValue: 1)])
  }

  private func acceptsRepeats() async throws {
    try await queue.announce([job(1), job(1)])
    try await queue.announce([])
    let received = try await receive()
    #expect(received.map(\.id) == [JobID(rawValue: 1), JobID(rawValue: 1)])
    #expect(Set(received.map(\.receipt)).count == 2)
    #expect(try await queue.deadLetterCount(targets: [eu]) == 0)
    try await queue.probe()
  }

  private func refusesAfterClose() async throws {
    await queue.close()
    await #expect(throws: QueueError.closed) { try await queue.announce([job(1)]) }
    await #expect(throws: QueueError.closed) { try await receive(wait: .seconds(5)) }
    await #expect(throws: QueueError.closed) { try await queue.probe() }
  }
}
