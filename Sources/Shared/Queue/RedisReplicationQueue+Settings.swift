package import Logging
import Redis
package import SharedConfig
import SharedModel

extension RedisReplicationQueue {
  /// Makes the queue of a configuration without any I/O: Redis may be down when a process starts.
  ///
  /// `logger` is told of messages that are set aside because nobody can read them.
  package convenience init(settings: RedisSettings, logger: Logger) {
    self.init(
      RedisConfiguration(
        host: settings.host, port: settings.port, username: settings.username, password: settings.password?.revealed,
        database: settings.database), logger: logger)
  }
}
