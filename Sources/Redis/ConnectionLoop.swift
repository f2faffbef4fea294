import Glibc

/// The life of one connection on its own thread: connect, send all that waits, match replies in order, enforce
/// deadlines, lose the connection, back off, connect again.
///
/// Made and used on that thread only. Name resolution and connecting happen on a second, short-lived thread, at most
/// one at a time, so that deadlines are kept meanwhile.
final class ConnectionLoop {
  enum Phase {
    case idle
    case connecting
    case ready(RedisLink)
    case down(RedisError, retryAt: ContinuousClock.Instant)
  }

  let connection: RedisConnection
  let configuration: RedisConfiguration
  let wake: WakeSignal
  var phase = Phase.idle
  /// Attempts and connections in a row that served nobody.
  var failures = 0
  /// Whether the present link completed a request.
  var hasServed = false
  var queued = RequestQueue()
  var inFlight = RequestQueue()
  /// The replies so far of the oldest request in flight.
  var partialReplies: [RedisReply] = []
  /// No request's deadline is earlier; it may be too early itself when requests were completed.
  var deadlineFloor: ContinuousClock.Instant?

  init(connection: RedisConnection, wake: WakeSignal) {
    self.connection = connection
    self.wake = wake
    configuration = connection.configuration
  }

  /// Runs until the connection is closed.
  func run() {
    while let intake = connection.takeIntake() {
      if intake.mustDrop { dropAfterCancellation() }
      if let opened = intake.opened { settleConnecting(opened) }
      for request in intake.requests {
        queued.append(request)
        deadlineFloor = min(deadlineFloor ?? request.deadline, request.deadline)
      }
      advance()
      waitForEvents()
    }
    phase = .idle
    fail(inFlight.takeAll() + queued.takeAll() + connection.takeLeftover(), with: .closed)
    connection.finish()
  }

  private func advance() {
    let now = ContinuousClock.now
    if let deadlineFloor, now >= deadlineFloor { expire(now) }
    switch phase {
    case .idle:
      if !queued.isEmpty { startConnecting() }
    case .connecting:
      break
    case .ready(let link):
      do {
        try transmit(on: link)
      } catch {
        lose(link, head: error)
      }
    case .down(let error, let retryAt):
      fail(queued.takeAll(), with: error)
      if now >= retryAt { startConnecting() }
    }
  }

  /// Moves requests to the socket while it keeps up; callers who gave up are left out.
  private func transmit(on link: RedisLink) throws(RedisError) {
    if link.hasUnsentBytes { try link.flush() }
    while !link.hasUnsentBytes, !queued.isEmpty {
      var batchBytes = 0
      while batchBytes < Self.batchBytes, let request = queued.popFirst() {
        guard !request.isSettled else {
          connection.release([request])
          continue
        }
        inFlight.append(request)
        try link.enqueue(request.encoded)
        batchBytes += request.encoded.count
      }
      if batchBytes > 0 { try link.flush() }
    }
  }

  /// The bytes handed to hiredis at a time; it moves the rest of its buffer after every partial write.
  private static let batchBytes = 256 << 10

  private func waitForEvents() {
    var entries = [pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)]
    if case .ready(let link) = phase {
      let events = link.hasUnsentBytes ? POLLIN | POLLOUT : POLLIN
      entries.append(pollfd(fd: link.descriptor, events: Int16(events), revents: 0))
    }
    let timeout = connection.prepareToSleep() ? sleepMilliseconds() : 0
    guard poll(&entries, nfds_t(entries.count), timeout) > 0 else { return }
    if entries.first?.revents != 0 { wake.drain() }
    if case .ready(let link) = phase, entries.count > 1, let socket = entries.last,
      Int32(socket.revents) & ~POLLOUT != 0
    {
      do {
        try link.receive()
        try deliverReplies(from: link)
      } catch {
        lose(link, head: error)
      }
    }
  }

  private func sleepMilliseconds() -> Int32 {
    var next = deadlineFloor
    if case .down(_, let retryAt) = phase { next = min(next ?? retryAt, retryAt) }
    guard let next else { return -1 }
    return ContinuousClock.now.duration(to: next).pollMilliseconds
  }
}
