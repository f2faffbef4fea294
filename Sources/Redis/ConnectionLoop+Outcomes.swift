extension ConnectionLoop {
  /// Matches the replies that have come to the requests in flight, oldest first, and resumes their callers.
  func deliverReplies(from link: RedisLink) throws(RedisError) {
    var completed: [(request: PendingRequest, replies: [RedisReply])] = []
    var violation: RedisError?
    do throws(RedisError) {
      while let reply = try link.nextReply() {
        guard let request = inFlight.first else { throw RedisError.protocolViolation("a reply nobody asked for") }
        partialReplies.append(reply)
        guard partialReplies.count >= request.commandCount else { continue }
        completed.append((request, partialReplies))
        partialReplies = []
        _ = inFlight.popFirst()
      }
    } catch {
      violation = error
    }
    if !completed.isEmpty {
      hasServed = true
      failures = 0
      connection.release(completed.map(\.request))
      for (request, replies) in completed { request.settle(.success(replies)) }
    }
    if let violation { throw violation }
  }

  /// Fails every request whose deadline has passed.
  ///
  /// One that was sent costs the connection, since its reply may come later and in front of the others.
  func expire(_ now: ContinuousClock.Instant) {
    fail(queued.take { $0.deadline <= now }, with: .timeout)
    let late = inFlight.take { $0.deadline <= now }
    deadlineFloor = (queued.all + inFlight.all).map(\.deadline).min()
    guard !late.isEmpty else { return }
    fail(late, with: .timeout)
    if case .ready(let link) = phase {
      let lost = RedisError.connectionLost("dropped because a command timed out")
      lose(link, head: lost)
    }
  }

  /// Gives up the present link: the oldest request fails with `head`, the other sent ones with `connectionLost`.
  func lose(_ link: RedisLink, head: RedisError) {
    let lost: RedisError
    if case .connectionLost = head { lost = head } else { lost = .connectionLost(head.description) }
    partialReplies = []
    let requests = inFlight.takeAll()
    if hasServed {
      phase = .idle
    } else {
      backOff(.connectionFailed(head.description))
    }
    fail(Array(requests.prefix(1)), with: head)
    fail(Array(requests.dropFirst()), with: lost)
  }

  /// Starts one attempt to connect on a thread of its own.
  func startConnecting() {
    phase = .connecting
    let connection = self.connection
    let configuration = self.configuration
    let isStarted = DriverThread.start(name: "redis-connect") {
      connection.deliver(Result { () throws(RedisError) in try RedisLink.open(configuration) })
    }
    if !isStarted { settleConnecting(.failure(.connectionFailed("no thread left"))) }
  }

  /// Takes the outcome of the attempt.
  func settleConnecting(_ opened: Result<RedisLink, RedisError>) {
    switch opened {
    case .success(let link):
      hasServed = false
      phase = .ready(link)
      connection.announce(failure: nil)
    case .failure(let error):
      backOff(error)
    }
  }

  /// Drops the link when a caller who was cancelled still waits on it.
  func dropAfterCancellation() {
    guard case .ready = phase, inFlight.all.contains(where: \.isSettled) else { return }
    partialReplies = []
    let requests = inFlight.takeAll()
    phase = .idle
    fail(requests, with: .connectionLost("dropped because a command was cancelled"))
  }

  /// Releases and fails requests; those whose callers have gone already are only released.
  func fail(_ requests: [PendingRequest], with error: RedisError) {
    guard !requests.isEmpty else { return }
    connection.release(requests)
    for request in requests { request.settle(.failure(error)) }
  }

  /// Refuses requests with `error` until an attempt after the backoff's pause succeeds.
  private func backOff(_ error: RedisError) {
    failures += 1
    let pause = configuration.backoff.delay(afterFailures: failures, jitter: Double.random(in: 0..<1))
    phase = .down(error, retryAt: .now + pause)
    connection.announce(failure: error)
    fail(queued.takeAll(), with: error)
  }
}
