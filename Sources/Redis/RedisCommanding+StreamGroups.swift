// Redis Streams: consumer groups (command reference: XGROUP, XREADGROUP, XACK, XAUTOCLAIM, XPENDING).
extension RedisCommanding {
  /// Creates a consumer group; one that exists already is left as it is.
  ///
  /// `startID` is the last entry the group counts as delivered: `0` for all of the stream, `$` for new entries only.
  /// Returns whether the group is new.
  @discardableResult
  package func streamCreateGroup(
    _ key: String, group: String, startID: String = "0", makeStream: Bool = true
  ) async throws(RedisError) -> Bool {
    var arguments: [RedisArgument] = [
      "XGROUP", "CREATE", RedisArgument(key), RedisArgument(group), RedisArgument(startID),
    ]
    if makeStream { arguments.append("MKSTREAM") }
    do {
      try await command(arguments).expectOK()
      return true
    } catch {
      guard case .server(code: "BUSYGROUP", _) = error else { throw error }
      return false
    }
  }

  /// Reads entries nobody in the group was given yet, without waiting for any; at most `count` per stream.
  ///
  /// - Throws: `.server(code: "NOGROUP", …)` when one of the streams or groups does not exist.
  package func streamReadGroup(
    _ group: String, consumer: String, keys: [String], count: Int
  ) async throws(RedisError) -> [RedisStreamEntry] {
    let arguments = try RedisStreamCommand.readGroup(
      group, consumer: consumer, keys: keys, count: count, blockMilliseconds: nil)
    return try RedisStreamEntry.lists(reply: try await command(arguments))
  }

  /// Marks entries as done in the group and returns how many were pending.
  @discardableResult
  package func streamAcknowledge(_ key: String, group: String, ids: [String]) async throws(RedisError) -> Int {
    guard !ids.isEmpty else { return 0 }
    let arguments = ["XACK", RedisArgument(key), RedisArgument(group)] + ids.map { RedisArgument($0) }
    return try await command(arguments).asCount()
  }

  /// Takes over entries that have been pending with any consumer for at least `minIdle`; one step from `start` on.
  ///
  /// - Throws: `.server(code: "NOGROUP", …)` when the stream or group does not exist.
  package func streamAutoClaim(
    _ key: String, group: String, consumer: String, minIdle: Duration, start: String = "0-0", count: Int
  ) async throws(RedisError) -> RedisStreamClaim {
    guard count > 0 else { throw .invalidCommand("a claim without a count") }
    let reply = try await command([
      "XAUTOCLAIM", RedisArgument(key), RedisArgument(group), RedisArgument(consumer),
      RedisArgument(minIdle.wholeMilliseconds), RedisArgument(start), "COUNT", RedisArgument(count),
    ])
    let parts = try reply.asArray()
    guard parts.count == 2 || parts.count == 3 else { throw reply.mismatch(expected: "a cursor and entries") }
    var deleted: [String] = []
    if parts.count == 3 {
      for id in try parts[2].asArray() { deleted.append(try id.asString()) }
    }
    return RedisStreamClaim(
      nextStart: try parts[0].asString(), entries: try RedisStreamEntry.list(key: key, reply: parts[1]),
      deletedIDs: deleted)
  }

  /// The number of entries given out in the group and not acknowledged.
  ///
  /// - Throws: `.server(code: "NOGROUP", …)` when the stream or group does not exist.
  package func streamPendingCount(_ key: String, group: String) async throws(RedisError) -> Int {
    let reply = try await command(["XPENDING", RedisArgument(key), RedisArgument(group)])
    guard let count = try reply.asArray().first else { throw reply.mismatch(expected: "a pending summary") }
    return try count.asCount()
  }
}

extension RedisBlockingConnection {
  /// Reads entries nobody in the group was given yet, waiting up to `block` for the first; empty when none came.
  ///
  /// A nil or non-positive `block` does not wait. The deadline is `block` plus the configured command timeout. What
  /// cancellation does is described at the type.
  ///
  /// - Throws: `.server(code: "NOGROUP", …)` when a stream or group does not exist. When it goes away during the wait
  ///   (`FLUSHALL`), Redis 7.0 says so with the next entry added to the stream, or else at the next read.
  package func streamReadGroup(
    _ group: String, consumer: String, keys: [String], count: Int, block: Duration?
  ) async throws(RedisError) -> [RedisStreamEntry] {
    // BLOCK 0 would mean "for ever", which nothing here may do.
    let pause = block.flatMap { $0 > .zero ? $0 : nil }
    let arguments = try RedisStreamCommand.readGroup(
      group, consumer: consumer, keys: keys, count: count, blockMilliseconds: pause?.wholeMilliseconds)
    let timeout = (pause ?? .zero) + configuration.commandTimeout
    return try RedisStreamEntry.lists(reply: try await command(arguments, timeout: timeout))
  }
}
