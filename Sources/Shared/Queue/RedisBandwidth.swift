package import Redis
package import SharedConfig
package import SharedModel

/// The bandwidth of each location as a token bucket in Redis: `bandwidth:{<location>}`, filled by the server's clock.
///
/// The bucket holds half a second's worth and is gone a few seconds after the last call, so a flushed server costs at
/// most that much. The braces keep both keys of a location in one slot of a Redis cluster.
package final class RedisBandwidth: BandwidthLeases {
  private let client: RedisClient
  private let prefix: String

  /// Takes a server's configuration; nothing is connected before the first call. `keyPrefix` keeps tests apart.
  package init(_ configuration: RedisConfiguration, keyPrefix: String = "") {
    client = RedisClient(configuration)
    prefix = keyPrefix
  }

  /// Makes it from the settings of the file.
  package convenience init(settings: RedisSettings) {
    self.init(
      RedisConfiguration(
        host: settings.host, port: settings.port, username: settings.username, password: settings.password?.revealed,
        database: settings.database))
  }

  package func lease(
    _ wantedBytes: Int64, to location: LocationID, rate: TransferRate, worker: String
  ) async throws(QueueError) -> BandwidthLease {
    let key = "\(prefix)bandwidth:{\(location)}"
    do {
      let reply = try await client.command([
        "EVAL", RedisArgument(Self.script), "2", RedisArgument(key), RedisArgument("\(key):workers"),
        RedisArgument(rate.bytesPerSecond), RedisArgument(rate.bytesPerSecond / 2), RedisArgument(max(0, wantedBytes)),
        RedisArgument(worker), RedisArgument(Self.lifetimeMs),
      ]).asArray()
      guard reply.count == 3 else { throw RedisError.unexpectedReply("a lease of \(reply.count) fields") }
      return BandwidthLease(
        grantedBytes: try reply[0].asInteger(), retryAfter: .milliseconds(try reply[1].asInteger()),
        workers: Int(clamping: try reply[2].asInteger()))
    } catch let error as RedisError {
      throw QueueError(error)
    } catch {
      throw .refused(detail: "\(error)")
    }
  }

  package func close() async { await client.close() }

  /// How long keys outlive the last call, and how long a worker counts.
  private static let lifetimeMs: Int64 = 10_000

  /// KEYS: bucket, workers. ARGV: bytes a second, capacity and wish in bytes, worker, lifetime in milliseconds.
  ///
  /// Whole numbers only: what is in the bucket is kept in thousandths of a byte, of which `rate` come in a millisecond,
  /// so nothing is lost to rounding and 2^53 is never reached (100 GB/s for 10 s is 10^15). Less than a quarter of the
  /// wish is not given, for that would only mean more calls. Answers {granted, milliseconds to wait, workers}.
  private static let script = """
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local rate, capacity, wish = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000, tonumber(ARGV[3])
    local lifetime = tonumber(ARGV[5])
    redis.call('ZADD', KEYS[2], string.format('%.0f', now), ARGV[4])
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - lifetime))
    redis.call('PEXPIRE', KEYS[2], lifetime)
    local kept = redis.call('HMGET', KEYS[1], 'thousandths', 'at')
    local held, at = tonumber(kept[1]), tonumber(kept[2])
    if not held or not at then held, at = capacity, now end
    local passed = math.min(math.max(now - at, 0), lifetime)
    held = math.min(capacity, held + passed * rate)
    local granted = math.min(wish, math.floor(held / 1000))
    local wait = 0
    if granted * 4 < wish then
      granted = 0
      wait = math.max(1, math.ceil((wish * 250 - held) / rate))
    end
    held = held - granted * 1000
    redis.call('HSET', KEYS[1], 'thousandths', string.format('%.0f', held), 'at', string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[1], lifetime)
    return {granted, wait, redis.call('ZCARD', KEYS[2])}
    """
}
