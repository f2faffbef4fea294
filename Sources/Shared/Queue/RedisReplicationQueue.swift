package import Logging
package import Redis
package import SharedModel
import Synchronization

/// The queue over Redis Streams: one stream a target and lane, one consumer group for all workers of all machines.
///
/// Redis may lose everything at any time: groups are made again when they are missed, and what was lost is found by
/// the reconciler. Streams keep about `streamLength` messages, so an unattended target fills no memory.
package final class RedisReplicationQueue: ReplicationQueue {
  let client: RedisClient
  let streams: RedisStreamNames
  let logger: Logger?
  private let blocking: RedisBlockingConnection
  private let streamLength: Int
  /// Handed out by Redis beyond a caller's limit, for the next call.
  private let surplus = Mutex<[QueueDelivery]>([])

  /// Takes a server's configuration; nothing is connected before the first call.
  ///
  /// `keyPrefix` keeps tests apart; production leaves it empty.
  package init(
    _ configuration: RedisConfiguration, keyPrefix: String = "", streamLength: Int = 100_000, logger: Logger? = nil
  ) {
    self.logger = logger
    client = RedisClient(configuration)
    blocking = RedisBlockingConnection(configuration)
    streams = RedisStreamNames(prefix: keyPrefix)
    self.streamLength = streamLength
  }

  package func announce(_ jobs: [JobAnnouncement]) async throws(QueueError) {
    var start = jobs.startIndex
    while start < jobs.endIndex {
      let end = min(start + Self.announcementsPerTrip, jobs.endIndex)
      try await pipeline(
        jobs[start..<end].map { job in
          [
            "XADD", RedisArgument(streams.key(job.target, job.lane)), "MAXLEN", "~", RedisArgument(streamLength), "*",
            RedisArgument(RedisStreamEntry.jobField), RedisArgument(job.id.rawValue),
          ]
        })
      start = end
    }
  }

  package func receive(
    targets: [LocationID], consumer: String, limit: Int, wait: Duration
  ) async throws(QueueError) -> [QueueDelivery] {
    guard !targets.isEmpty, limit > 0 else { return [] }
    let held = takeSurplus(targets: targets, limit: limit)
    if !held.isEmpty { return held }
    let ready = try await takeReady(targets: targets, consumer: consumer, limit: limit)
    if !ready.isEmpty || wait <= .zero { return ready }
    let keys = streams.keys(of: targets)
    let answer: RedisReply
    do {
      // BLOCK 0 would mean for ever. The count is for each stream.
      answer = try await blocking.command(
        [
          "XREADGROUP", "GROUP", RedisArgument(RedisStreamNames.group), RedisArgument(consumer), "COUNT",
          RedisArgument(max(1, limit / keys.count)), "BLOCK", RedisArgument(max(1, wait.milliseconds)), "STREAMS",
        ] + keys.map { RedisArgument($0.text) } + keys.map { _ in ">" }, timeout: wait + Self.answerTime)
    } catch .server(let code, _) where code == "NOGROUP" || code == "UNBLOCKED" {
      // The data were lost while waiting. The next call makes the groups again.
      return []
    } catch {
      throw QueueError(error)
    }
    let entries = try parse { () throws(RedisError) in try RedisStreamEntry.entries(ofStreams: answer) }
    return keep(try await sort(entries), limit: limit)
  }

  package func acknowledge(_ deliveries: [QueueDelivery]) async throws(QueueError) {
    var receipts: [String: [String]] = [:]
    for delivery in deliveries {
      receipts[streams.key(delivery.target, delivery.lane), default: []].append(delivery.receipt)
    }
    try await pipeline(
      receipts.sorted { $0.key < $1.key }.flatMap { key, ids in
        [
          ["XACK", RedisArgument(key), RedisArgument(RedisStreamNames.group)] + ids.map { RedisArgument($0) },
          ["XDEL", RedisArgument(key)] + ids.map { RedisArgument($0) },
        ]
      })
  }

  package func probe() async throws(QueueError) {
    do {
      _ = try await client.command("PING")
    } catch {
      throw QueueError(error)
    }
  }

  package func close() async {
    await blocking.close()
    await client.close()
  }

  /// Takes what is there at once, lane by lane, never more than `limit`, in one round trip.
  private func takeReady(
    targets: [LocationID], consumer: String, limit: Int
  ) async throws(QueueError) -> [QueueDelivery] {
    let keys = streams.keys(of: targets)
    let answer: RedisReply
    do {
      answer = try await client.command(
        ["EVAL", RedisArgument(RedisStreamScript.take), RedisArgument(keys.count)] + keys.map { RedisArgument($0.text) }
          + [RedisArgument(RedisStreamNames.group), RedisArgument(consumer), RedisArgument(limit)])
    } catch {
      throw QueueError(error)
    }
    let entries = try parse { () throws(RedisError) in try RedisStreamEntry.entries(ofStreams: answer) }
    return try await sort(entries)
  }

  /// The readable entries as deliveries, the earlier lanes first; the others are set aside for good.
  func sort(_ entries: [RedisStreamEntry]) async throws(QueueError) -> [QueueDelivery] {
    var deliveries: [QueueDelivery] = []
    var unreadable: [RedisStreamEntry] = []
    for entry in entries {
      guard let (target, lane) = streams.parse(entry.key), let id = entry.job else {
        unreadable.append(entry)
        continue
      }
      deliveries.append(QueueDelivery(id: id, target: target, lane: lane, receipt: entry.id))
    }
    if !unreadable.isEmpty { try await bury(unreadable) }
    return deliveries.enumerated()
      .sorted { ($0.element.lane, $0.offset) < ($1.element.lane, $1.offset) }.map(\.element)
  }

  private func keep(_ deliveries: [QueueDelivery], limit: Int) -> [QueueDelivery] {
    surplus.withLock { $0 += deliveries.dropFirst(limit) }
    return Array(deliveries.prefix(limit))
  }

  private func takeSurplus(targets: [LocationID], limit: Int) -> [QueueDelivery] {
    surplus.withLock { held in
      let taken = held.filter { targets.contains($0.target) }.prefix(limit)
      held.removeAll { taken.contains($0) }
      return Array(taken)
    }
  }

  /// How long after its BLOCK time a blocking command may still answer.
  private static let answerTime: Duration = .seconds(2)
  private static let announcementsPerTrip = 500
}

extension Duration {
  /// Whole milliseconds, rounded down, at most a day's.
  var milliseconds: Int {
    let limited = min(self, .seconds(86_400))
    return Int(limited.components.seconds) * 1000 + Int(limited.components.attoseconds / 1_000_000_000_000_000)
  }
}
