/// Where the server is, how to sign in, and every bound the driver keeps.
package struct RedisConfiguration: Sendable, Hashable {
  package var host: String
  package var port: Int
  /// The ACL user; nil signs in as the default user when there is a password.
  package var username: String?
  /// The password; nil sends no AUTH.
  package var password: String?
  /// The database chosen with SELECT; 0 sends none.
  package var database: Int
  /// The time for TCP to connect, and once more for AUTH, SELECT and a first PING; name resolution is not counted.
  package var connectTimeout: Duration
  /// The deadline of a command that names none of its own, counted from the call.
  package var commandTimeout: Duration
  /// The number of connections a ``RedisClient`` spreads its commands over, each with a thread of its own.
  package var pipelineConnections: Int
  /// The most commands waiting for a reply on one connection, sent or not.
  package var maxPendingCommands: Int
  /// The most bytes of commands waiting on one connection, sent or not.
  package var maxPendingBytes: Int
  /// The largest reply in bytes; a larger one is a protocol violation.
  package var maxReplyBytes: Int
  /// The most elements of all arrays of one reply together.
  package var maxReplyElements: Int
  /// The deepest nesting of arrays in a reply; hiredis 0.14 itself allows no more than 8 (measured in the tests).
  package var maxReplyDepth: Int
  /// The kernel gives up on a peer that acknowledges nothing for this long (TCP_USER_TIMEOUT, tcp(7)).
  package var peerTimeout: Duration
  package var backoff: RedisBackoff

  package init(
    host: String,
    port: Int = 6379,
    username: String? = nil,
    password: String? = nil,
    database: Int = 0,
    connectTimeout: Duration = .seconds(1),
    commandTimeout: Duration = .milliseconds(500),
    pipelineConnections: Int = 2,
    maxPendingCommands: Int = 4096,
    maxPendingBytes: Int = 64 << 20,
    maxReplyBytes: Int = 16 << 20,
    maxReplyElements: Int = 1 << 20,
    maxReplyDepth: Int = 8,
    peerTimeout: Duration = .seconds(10),
    backoff: RedisBackoff = RedisBackoff()
  ) {
    self.host = host
    self.port = port
    self.username = username
    self.password = password
    self.database = database
    self.connectTimeout = connectTimeout
    self.commandTimeout = commandTimeout
    self.pipelineConnections = pipelineConnections
    self.maxPendingCommands = maxPendingCommands
    self.maxPendingBytes = maxPendingBytes
    self.maxReplyBytes = maxReplyBytes
    self.maxReplyElements = maxReplyElements
    self.maxReplyDepth = maxReplyDepth
    self.peerTimeout = peerTimeout
    self.backoff = backoff
  }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The address, the user and the database; of the password only whether there is one.
  package var description: String {
    let user = username ?? (password == nil ? nil : "default")
    let account = user.map { "\($0)\(password == nil ? "" : ":***")@" } ?? ""
    let name = host.contains(":") ? "[\(host)]" : host
    return "redis://\(account)\(name):\(port)/\(database)"
  }

  package var debugDescription: String { description }

  package var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}
