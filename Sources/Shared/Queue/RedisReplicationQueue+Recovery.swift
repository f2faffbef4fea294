import Logging
import Redis
package import SharedModel

/// What is rare: messages of workers that went silent, and messages nobody can read.
extension RedisReplicationQueue {
  package func recoverAbandoned(
    targets: [LocationID], consumer: String, minimumIdle: Duration, limit: Int
  ) async throws(QueueError) -> [QueueDelivery] {
    var recovered: [QueueDelivery] = []
    for key in streams.keys(of: targets) where recovered.count < limit {
      // Each call looks at ten times its count from the cursor on; the cursor is followed to the end.
      var cursor = "0-0"
      repeat {
        let answer: RedisReply
        do {
          answer = try await client.command(
            "XAUTOCLAIM", RedisArgument(key.text), RedisArgument(RedisStreamNames.group), RedisArgument(consumer),
            RedisArgument(minimumIdle.milliseconds), RedisArgument(cursor), "COUNT",
            RedisArgument(limit - recovered.count))
        } catch .server(code: "NOGROUP", _) {
          break
        } catch {
          throw QueueError(error)
        }
        let (next, entries) = try parse { () throws(RedisError) in
          try RedisStreamEntry.entries(ofClaim: answer, key: key.text)
        }
        recovered += try await sort(entries)
        cursor = next
      } while cursor != "0-0" && recovered.count < limit
    }
    return recovered
  }

  package func deadLetterCount(targets: [LocationID]) async throws(QueueError) -> Int {
    let lengths = try await pipeline(targets.map { ["XLEN", RedisArgument(streams.deadLetters($0))] })
    return try parse { () throws(RedisError) in
      var count = 0
      for length in lengths { count += Int(clamping: try length.asInteger()) }
      return count
    }
  }

  package func forget(targets: [LocationID]) async throws(QueueError) {
    let keys = streams.keys(of: targets).map(\.text) + targets.map(streams.deadLetters)
    // A command for each key: keys of several locations are in several slots of a cluster.
    try await pipeline(keys.map { ["DEL", RedisArgument($0)] })
  }

  /// Moves entries that cannot be read to the target's dead letters, of which the newest thousand are kept.
  func bury(_ entries: [RedisStreamEntry]) async throws(QueueError) {
    logger?.warning("unreadable queue messages are set aside", metadata: ["count": "\(entries.count)"])
    try await pipeline(
      entries.flatMap { entry -> [[RedisArgument]] in
        let target = streams.parse(entry.key)?.0
        let burial: [[RedisArgument]] =
          target.map { target in
            [
              [
                "XADD", RedisArgument(streams.deadLetters(target)), "MAXLEN", "~", 1000, "*", "stream",
                RedisArgument(entry.key), "entry", RedisArgument(entry.id), "content",
                RedisArgument(Array(entry.rawContent.prefix(200))),
              ]
            ]
          } ?? []
        return burial + [
          ["XACK", RedisArgument(entry.key), RedisArgument(RedisStreamNames.group), RedisArgument(entry.id)],
          ["XDEL", RedisArgument(entry.key), RedisArgument(entry.id)],
        ]
      })
  }

  /// Runs commands in one round trip and throws the first error among the replies.
  @discardableResult
  func pipeline(_ commands: [[RedisArgument]]) async throws(QueueError) -> [RedisReply] {
    guard !commands.isEmpty else { return [] }
    do throws(RedisError) {
      let replies = try await client.pipeline(commands)
      for case .error(let error) in replies { throw error.asError }
      return replies
    } catch {
      throw QueueError(error)
    }
  }

  func parse<Value>(_ body: () throws(RedisError) -> Value) throws(QueueError) -> Value {
    do { return try body() } catch { throw QueueError(error) }
  }
}

extension QueueError {
  /// What a driver's error means for the queue.
  init(_ error: RedisError) {
    self =
      switch error {
      case .cancelled: .cancelled
      case .closed: .closed
      case .overloaded: .overloaded
      case .connectionFailed, .connectionLost, .timeout: .unavailable(detail: error.description)
      case .server where error.isRetryable: .unavailable(detail: error.description)
      case .server, .unexpectedReply, .protocolViolation, .invalidCommand: .refused(detail: error.description)
      }
  }
}
