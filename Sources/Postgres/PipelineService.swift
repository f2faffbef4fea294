import CLibPQ
import Glibc

/// The work of a lane on one connection; lives on the lane's thread.
struct PipelineService {
  private let lane: PipelineLane
  private let wire: WireConnection
  private var inFlight = FIFO<ReadRequest>()
  private var batches = 0
  private var lastBatch: ContinuousClock.Instant
  private var lastExpiry: ContinuousClock.Instant
  /// Since when answers are due and none has come, nil while none is due.
  private var silentSince: ContinuousClock.Instant?
  /// Reads to be sent again: aborted with a neighbour, or hit by a cancellation meant for one.
  private var again: [ReadRequest] = []
  private var cancellation: (ticket: Canceller.Ticket, deadline: ContinuousClock.Instant)?

  init(lane: PipelineLane, wire: WireConnection) {
    self.lane = lane
    self.wire = wire
    lastBatch = .now
    lastExpiry = lastBatch
  }

  /// Serves reads until the lane stops or the connection breaks.
  ///
  /// - Returns: the reads sent and not answered.
  mutating func serve() -> [ReadRequest] {
    while wire.defect == nil {
      wire.condemnIfReplaced()
      guard wire.defect == nil else { break }
      if let cancellation, cancellation.ticket.isFinished { self.cancellation = nil }
      let isStopping = sendBatch()
      receiveAnswers()
      if !again.isEmpty {
        lane.requeue(again, lost: .connectionLost("the read was aborted twice"))
        again = []
        continue
      }
      guard wire.defect == nil else { break }
      if isStopping, inFlight.isEmpty, batches == 0 { break }
      awaitActivity()
      expire()
    }
    return inFlight.removeAll()
  }

  /// Sends what is queued, unless it should rather gather for a moment.
  ///
  /// - Returns: whether the lane is stopping with nothing queued.
  private mutating func sendBatch() -> Bool {
    let now = ContinuousClock.now
    let mayOverlap = batches == 0 || lastBatch.duration(to: now) >= lane.coalescing
    let room = min(lane.maxBatch, lane.maxInFlight - inFlight.count)
    // While a cancellation is under way it could hit whatever runs next: hold back.
    guard mayOverlap, room > 0, cancellation == nil else { return false }
    let (requests, isStopping) = lane.state.withLock { state -> ([ReadRequest], Bool) in
      var requests: [ReadRequest] = []
      while requests.count < room, let request = state.queue.popFirst() {
        if !request.isAnswered { requests.append(request) }
      }
      state.inFlight += requests.count
      return (requests, state.isStopping && state.queue.isEmpty && requests.isEmpty)
    }
    guard !requests.isEmpty else { return isStopping }
    lastBatch = now
    silentSince = silentSince ?? now
    var isSegmentOpen = false
    for request in requests {
      inFlight.append(request)
      guard wire.send(request.statement, tag: 0) else { continue }
      isSegmentOpen = true
      if request.attempt > 0 { isSegmentOpen = !endSegment() }
    }
    if isSegmentOpen { _ = endSegment() }
    return false
  }

  private mutating func endSegment() -> Bool {
    guard wire.synchronise() else { return false }
    batches += 1
    return true
  }

  /// Passes on what has been answered.
  private mutating func receiveAnswers() {
    var answered = 0
    while let event = wire.receive() {
      guard case .finished(_, let outcome) = event else {
        batches -= 1
        continue
      }
      guard let request = inFlight.popFirst() else { break }
      answered += 1
      settle(request, outcome)
    }
    guard answered > 0 else { return }
    silentSince = inFlight.isEmpty ? nil : .now
    lane.state.withLock { $0.inFlight -= answered }
  }

  private mutating func settle(_ request: ReadRequest, _ outcome: WireOutcome) {
    switch outcome {
    case .result(let result): request.answer(.success(result))
    case .aborted: again.append(request)
    case .failed(let error):
      let isCollateral = error.sqlState == "57014" && cancellation != nil
      if request.isAnswered { return }
      if (isCollateral || error.isStalePlan) && request.attempt == 0 {
        again.append(request)
      } else {
        request.answer(.failure(error.sqlState == "57014" ? .deadlineExceeded : error))
      }
    }
  }

  private func awaitActivity() {
    let hasQueued = cancellation == nil && lane.state.withLock { !$0.queue.isEmpty }
    // Answers may have made room since the queue was last looked at, and its wake signal is spent: do not sleep on it.
    if hasQueued, batches == 0 { return }
    let events = wire.flush() ? POLLIN : POLLIN | POLLOUT
    if awaitReady(wire.socket, events: events, wake: lane.wake, until: nextInstant(hasQueued)) { wire.takeInput() }
  }

  /// When to look again although nothing happens: never on an idle connection.
  private func nextInstant(_ hasQueued: Bool) -> ContinuousClock.Instant? {
    guard !inFlight.isEmpty || cancellation != nil || batches > 0 else { return nil }
    if hasQueued, inFlight.count < lane.maxInFlight { return lastBatch + lane.coalescing }
    return .now + .milliseconds(20)
  }

  /// Answers reads whose deadline has passed, and has the server stop one that nobody waits for any more when it holds
  /// up the others.
  private mutating func expire() {
    let now = ContinuousClock.now
    if let age = wire.suspicionAge, let silentSince, silentSince.duration(to: now) >= age { wire.suspectServer() }
    guard !inFlight.isEmpty || cancellation != nil, lastExpiry.duration(to: now) >= .milliseconds(10) else { return }
    lastExpiry = now
    inFlight.forEach { request in
      if request.deadline <= now { request.answer(.failure(.deadlineExceeded)) }
    }
    lane.expireQueue(at: now)
    if let cancellation {
      if now >= cancellation.deadline { wire.condemn(.connectionLost("the server did not confirm a cancellation")) }
      return
    }
    guard inFlight.first?.isAnswered == true else { return }
    guard let ticket = Canceller.cancel(wire.handle, wake: lane.wake) else {
      wire.condemn(.connectionLost("the server could not be asked to cancel"))
      return
    }
    cancellation = (ticket, now + lane.configuration.cancelGrace)
  }
}
