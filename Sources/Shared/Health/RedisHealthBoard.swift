private import Foundation
package import Redis
package import SharedConfig
import SharedModel

/// The board in Redis: what all health services last saw, and a copy of the drains for when the database is away.
///
/// Two keys, whatever the number of regions: a hash of the snapshots and a hash with the drains. Ages are by Redis's own
/// clock. Redis may lose everything at any time; the next beat writes it again.
package final class RedisHealthBoard: HealthBoard {
  private let client: RedisClient
  private let prefix: String

  /// Takes a server's configuration; nothing is connected before the first call.
  ///
  /// `keyPrefix` keeps tests apart; production leaves it empty.
  package init(_ configuration: RedisConfiguration, keyPrefix: String = "") {
    client = RedisClient(configuration)
    prefix = keyPrefix
  }

  /// Makes the board of a configuration without any I/O: Redis may be down when a process starts.
  package convenience init(settings: RedisSettings) {
    var configuration = RedisConfiguration(
      host: settings.host, port: settings.port, username: settings.username, password: settings.password?.revealed,
      database: settings.database)
    configuration.pipelineConnections = 1
    // A link that was away is tried again within a beat of the exchange.
    configuration.commandTimeout = .seconds(1)
    self.init(configuration)
  }

  package func publish(_ snapshot: RegionSnapshot) async throws {
    let json = try JSONEncoder().encode(snapshot)
    _ = try await client.command(
      "EVAL", RedisArgument(Self.publishing), 1, RedisArgument(snapshots),
      RedisArgument("\(snapshot.region)/\(snapshot.instance)"), RedisArgument(Array(json)))
  }

  package func observations() async throws -> [RegionObservation] {
    let reply = try await client.command("EVAL", RedisArgument(Self.reading), 1, RedisArgument(snapshots)).asArray()
    guard let first = reply.first else { throw RedisError.unexpectedReply("an empty board without a time") }
    let now = try Self.number(try first.asString())
    let decoder = JSONDecoder()
    return reply.dropFirst().compactMap { (element: RedisReply) -> RegionObservation? in
      // What one service wrote in a way nobody can read must not hide the others.
      guard let bytes = try? element.asBytes(), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
        let writtenAt = Int64(String(decoding: bytes[..<colon], as: UTF8.self)),
        let snapshot = try? decoder.decode(RegionSnapshot.self, from: Data(bytes[(colon + 1)...]))
      else { return nil }
      let (age, overflows) = now.subtractingReportingOverflow(writtenAt)
      return overflows ? nil : RegionObservation(snapshot: snapshot, ageMs: max(0, age))
    }
  }

  /// Keeps a copy of the drains, unless there is one that was read from the database later.
  package func mirror(_ list: DrainList) async throws {
    let json = try JSONEncoder().encode(list)
    _ = try await client.command(
      "EVAL", RedisArgument(Self.mirroring), 1, RedisArgument(drainsKey), RedisArgument(String(list.nowMs)),
      RedisArgument(Array(json)))
  }

  /// The copy of the drains, and how long ago it was written; nil where there is none.
  package func drains() async throws -> (list: DrainList, ageMs: Int64)? {
    let reply = try await client.command("EVAL", RedisArgument(Self.readingDrains), 1, RedisArgument(drainsKey))
      .asArray()
    guard reply.count == 3 else { return nil }
    let age = try Self.number(try reply[0].asString()).subtractingReportingOverflow(
      try Self.number(try reply[1].asString()))
    let list = try JSONDecoder().decode(DrainList.self, from: Data(try reply[2].asBytes()))
    return (list, age.overflow ? 0 : max(0, age.partialValue))
  }

  /// Writes a value and reads it back.
  package func probe(by instance: String) async throws {
    let key = RedisArgument("\(prefix)health:probe:\(instance)")
    let value = RandomIdentifier().hex
    _ = try await client.command("SET", key, RedisArgument(value), "PX", 60_000)
    guard try await client.command("GET", key).asOptionalString() == value else {
      throw RedisError.unexpectedReply("another value than was written")
    }
  }

  /// Ends waiting calls and closes every connection.
  package func close() async { await client.close() }

  private var snapshots: String { "\(prefix)health:snapshots" }
  private var drainsKey: String { "\(prefix)health:drains" }

  private static func number(_ text: String) throws(RedisError) -> Int64 {
    guard let number = Int64(text) else { throw .unexpectedReply("a time that is no number") }
    return number
  }

  private static let now = """
    local t = redis.call('TIME')
    local now = t[1] * 1000 + math.floor(t[2] / 1000)
    """

  /// Sets the service's field, and drops what was not renewed for ten minutes once there are many.
  private static let publishing = """
    \(now)
    redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ':' .. ARGV[2])
    if redis.call('HLEN', KEYS[1]) > 32 then
      local all = redis.call('HGETALL', KEYS[1])
      for i = 1, #all, 2 do
        local at = tonumber(string.match(all[i + 1], '^(%d+):') or '0')
        if at < now - 600000 then redis.call('HDEL', KEYS[1], all[i]) end
      end
    end
    redis.call('PEXPIRE', KEYS[1], 86400000)
    return 1
    """

  private static let reading = """
    \(now)
    local answer = redis.call('HVALS', KEYS[1])
    table.insert(answer, 1, string.format('%.0f', now))
    return answer
    """

  private static let mirroring = """
    \(now)
    local known = tonumber(redis.call('HGET', KEYS[1], 'now') or '-1')
    if tonumber(ARGV[1]) > known then
      redis.call('HSET', KEYS[1], 'now', ARGV[1], 'at', string.format('%.0f', now), 'list', ARGV[2])
    end
    return 1
    """

  private static let readingDrains = """
    \(now)
    local kept = redis.call('HMGET', KEYS[1], 'at', 'list')
    if not kept[1] or not kept[2] then return {} end
    return {string.format('%.0f', now), kept[1], kept[2]}
    """
}
