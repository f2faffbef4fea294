extension RedisConnection {
  /// Sends commands over the first of `connections` that accepts them, starting at `first`, and waits for the replies.
  ///
  /// - Throws: the last connection's refusal, or what became of the request. Cancellation ends the wait at once.
  static func perform(
    _ commands: [[RedisArgument]], timeout: Duration, on connections: [RedisConnection], startingAt first: Int
  ) async throws(RedisError) -> [RedisReply] {
    guard !commands.isEmpty else { return [] }
    guard commands.allSatisfy({ !$0.isEmpty }) else { throw .invalidCommand("a command without a name") }
    guard timeout > .zero else { throw .timeout }
    let request = PendingRequest(commands: commands, deadline: .now + timeout)
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: PendingRequest.Waiter) in
        guard request.await(waiter) else { return }
        var refusal = RedisError.closed
        for offset in connections.indices {
          let connection = connections[(first + offset) % connections.count]
          guard let error = connection.submit(request) else { return }
          refusal = error
        }
        request.settle(.failure(refusal))
      }
    } onCancel: {
      // Only a lone connection has an effect to apply; of several, the one that carries the request drops the reply.
      if let connection = connections.first, connections.count == 1 {
        connection.cancel(request)
      } else {
        request.settle(.failure(.cancelled))
      }
    }
    return try outcome.get()
  }

  /// The reply of a single command; an error reply is thrown.
  static func single(_ replies: [RedisReply]) throws(RedisError) -> RedisReply {
    guard let reply = replies.first else { throw .unexpectedReply("no reply") }
    if case .error(let error) = reply { throw error.asError }
    return reply
  }
}
