/// Something that executes Redis commands one at a time from the caller's view.
package protocol RedisCommanding: Sendable {
  /// Executes one command, name first, and returns its reply.
  ///
  /// - Throws: `.server` for an error reply, otherwise what kept the reply from coming. Cancellation of the task ends
  ///   the wait at once with `.cancelled`.
  func command(_ arguments: [RedisArgument], timeout: Duration?) async throws(RedisError) -> RedisReply
}

extension RedisCommanding {
  /// Executes one command with the default deadline.
  package func command(_ arguments: [RedisArgument]) async throws(RedisError) -> RedisReply {
    try await command(arguments, timeout: nil)
  }

  /// Executes the command `name` with its arguments.
  package func command(
    _ name: String, _ arguments: RedisArgument..., timeout: Duration? = nil
  ) async throws(RedisError) -> RedisReply {
    try await command([RedisArgument(name)] + arguments, timeout: timeout)
  }
}
