internal import Redis
internal import SharedConfig
internal import SharedModel
internal import SharedQueue

/// Makes the Redis adapter of the replication queue from the configuration; no connection is made yet.
enum RedisOpening {
  /// Host, credentials and database come from the settings.
  static func queue(_ settings: RedisSettings) -> RedisReplicationQueue {
    let configuration = RedisConfiguration(
      host: settings.host, port: settings.port, username: settings.username, password: settings.password?.revealed,
      database: settings.database)
    return RedisReplicationQueue(configuration)
  }
}
