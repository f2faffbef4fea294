package import SharedModel
import Synchronization

/// The queue within one process: for the all-in-one mode and for tests.
package final class MemoryReplicationQueue: ReplicationQueue {
  /// One stream: a target and a lane.
  private struct Stream: Hashable {
    let target: LocationID
    let lane: Lane
  }

  private struct State {
    var waiting: [Stream: [QueueDelivery]] = [:]
    /// What was handed out, by receipt, with the moment it was.
    var pending: [String: (delivery: QueueDelivery, since: ContinuousClock.Instant)] = [:]
    var announced: UInt64 = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  private let arrivals = ArrivalSignal()
  private let streamLength: Int
  private let now: @Sendable () -> ContinuousClock.Instant

  /// Makes an empty queue; `now` is the time that `recoverAbandoned` measures by.
  package init(
    streamLength: Int = 100_000, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.streamLength = streamLength
    self.now = now
  }

  package func announce(_ jobs: [JobAnnouncement]) async throws(QueueError) {
    try state.withLock { state throws(QueueError) in
      guard !state.isClosed else { throw .closed }
      for job in jobs {
        state.announced += 1
        var stream = state.waiting[Stream(target: job.target, lane: job.lane), default: []]
        stream.append(
          QueueDelivery(id: job.id, target: job.target, lane: job.lane, receipt: String(state.announced)))
        if stream.count > streamLength { stream.removeFirst(stream.count - streamLength) }
        state.waiting[Stream(target: job.target, lane: job.lane)] = stream
      }
    }
    arrivals.ring()
  }

  package func receive(
    targets: [LocationID], consumer: String, limit: Int, wait: Duration
  ) async throws(QueueError) -> [QueueDelivery] {
    guard !targets.isEmpty, limit > 0 else { return [] }
    let deadline = ContinuousClock.now + wait
    while true {
      let seen = arrivals.count
      let taken = try take(targets: targets, limit: limit)
      if !taken.isEmpty || ContinuousClock.now >= deadline { return taken }
      try await arrivals.wait(after: seen, until: deadline)
    }
  }

  package func acknowledge(_ deliveries: [QueueDelivery]) async throws(QueueError) {
    state.withLock { state in
      for delivery in deliveries { state.pending[delivery.receipt] = nil }
    }
  }

  package func recoverAbandoned(
    targets: [LocationID], consumer: String, minimumIdle: Duration, limit: Int
  ) async throws(QueueError) -> [QueueDelivery] {
    let time = now()
    return state.withLock { state in
      let abandoned = state.pending.values
        .filter { targets.contains($0.delivery.target) && $0.since.duration(to: time) >= minimumIdle }
        .map(\.delivery)
        .sorted { ($0.lane, UInt64($0.receipt) ?? 0) < ($1.lane, UInt64($1.receipt) ?? 0) }
        .prefix(max(0, limit))
      for delivery in abandoned { state.pending[delivery.receipt] = (delivery, time) }
      return Array(abandoned)
    }
  }

  package func deadLetterCount(targets: [LocationID]) async throws(QueueError) -> Int {
    // A message here is a value of the program: there is none that could not be read.
    0
  }

  package func forget(targets: [LocationID]) async throws(QueueError) {
    state.withLock { state in
      state.waiting = state.waiting.filter { !targets.contains($0.key.target) }
      state.pending = state.pending.filter { !targets.contains($0.value.delivery.target) }
    }
  }

  package func probe() async throws(QueueError) {
    guard !state.withLock({ $0.isClosed }) else { throw .closed }
  }

  package func close() async {
    state.withLock { $0.isClosed = true }
    arrivals.ring()
  }

  private func take(targets: [LocationID], limit: Int) throws(QueueError) -> [QueueDelivery] {
    let time = now()
    return try state.withLock { state throws(QueueError) in
      guard !state.isClosed else { throw .closed }
      var taken: [QueueDelivery] = []
      for lane in Lane.allCases {
        for target in targets where taken.count < limit {
          let stream = Stream(target: target, lane: lane)
          guard let waiting = state.waiting[stream], !waiting.isEmpty else { continue }
          let next = waiting.prefix(limit - taken.count)
          state.waiting[stream] = Array(waiting.dropFirst(next.count))
          for delivery in next { state.pending[delivery.receipt] = (delivery, time) }
          taken += next
        }
      }
      return taken
    }
  }
}
