import Synchronization

/// A client for commands that do not block the server: a few connections, each pipelining all that waits on it.
///
/// Nothing happens before the first command. Commands of concurrent callers may be executed in any order; those of
/// one caller who waits for each reply are executed in the caller's order. While the server is away, commands fail at
/// once with the reason of the last attempt (`connectionFailed`, or `server` for a refused password) and attempts go
/// on in the background, with backoff. A command whose deadline passes costs its connection: other commands waiting
/// on that connection fail with `connectionLost`. Commands that block (`BLOCK`, `BLPOP`) belong on a
/// ``RedisBlockingConnection``.
package final class RedisClient: RedisCommanding {
  package let configuration: RedisConfiguration
  private let connections: [RedisConnection]
  private let turn = Atomic<UInt>(0)

  /// Makes a client without touching the network.
  package init(_ configuration: RedisConfiguration) {
    self.configuration = configuration
    connections = (0..<max(1, configuration.pipelineConnections)).map { _ in
      RedisConnection(configuration: configuration, cancellationEffect: .dropsReply)
    }
  }

  deinit {
    for connection in connections { connection.beginClose() }
  }

  package func command(
    _ arguments: [RedisArgument], timeout: Duration?
  ) async throws(RedisError) -> RedisReply {
    try RedisConnection.single(try await perform([arguments], timeout: timeout))
  }

  /// Executes commands in one go on one connection and returns their replies in order.
  ///
  /// Error replies are values in the result. The commands are no transaction: others may come between them, and when
  /// the connection breaks some of them may have been executed. An empty list returns an empty list.
  package func pipeline(
    _ commands: [[RedisArgument]], timeout: Duration? = nil
  ) async throws(RedisError) -> [RedisReply] {
    try await perform(commands, timeout: timeout)
  }

  /// Fails all waiting commands with `closed`, refuses further ones and returns when the threads are done.
  package func close() async {
    for connection in connections { connection.beginClose() }
    for connection in connections { await connection.close() }
  }

  private func perform(
    _ commands: [[RedisArgument]], timeout: Duration?
  ) async throws(RedisError) -> [RedisReply] {
    let ticket = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    return try await RedisConnection.perform(
      commands, timeout: timeout ?? configuration.commandTimeout, on: connections,
      startingAt: Int(ticket % UInt(connections.count)))
  }
}
