/// One connection for commands that block on the server, such as `XREADGROUP … BLOCK` and `BLPOP`.
///
/// It carries one command at a time; a second one meanwhile is refused with `overloaded`. Give each command a timeout
/// longer than the time it may block. Cancelling the calling task ends the wait at once and closes the socket, so the
/// server stops serving the command; the object stays usable and connects again for the next command. An entry the
/// server had already handed out at that moment remains in the consumer's pending list, where `XAUTOCLAIM` finds it.
/// While the server is away commands fail at once, as with ``RedisClient``: a reading loop needs a pause of its own.
package final class RedisBlockingConnection: RedisCommanding {
  package let configuration: RedisConfiguration
  private let connection: RedisConnection

  /// Makes a connection without touching the network.
  package init(_ configuration: RedisConfiguration) {
    self.configuration = configuration
    var single = configuration
    single.maxPendingCommands = 1
    connection = RedisConnection(configuration: single, cancellationEffect: .dropsConnection)
  }

  deinit {
    connection.beginClose()
  }

  package func command(
    _ arguments: [RedisArgument], timeout: Duration?
  ) async throws(RedisError) -> RedisReply {
    let replies = try await RedisConnection.perform(
      [arguments], timeout: timeout ?? configuration.commandTimeout, on: [connection], startingAt: 0)
    return try RedisConnection.single(replies)
  }

  /// Fails a waiting command with `closed`, refuses further ones and returns when the thread is done.
  package func close() async {
    await connection.close()
  }
}
