/// Everything that can go wrong with a Redis command.
package enum RedisError: Error, Sendable, Equatable {
  /// No connection could be made, or the last attempt failed and the next one is not due yet; nothing was sent.
  case connectionFailed(String)
  /// The connection broke with the command waiting on it; the server may or may not have executed it.
  case connectionLost(String)
  /// The command's deadline passed; the server may or may not have executed it.
  case timeout
  /// The bound on commands or bytes waiting was reached; nothing was sent.
  case overloaded
  /// The calling task was cancelled; the server may or may not have executed the command.
  case cancelled
  /// The client was closed.
  case closed
  /// The server answered with an error, for example code `NOGROUP`.
  case server(code: String, message: String)
  /// The server's answer is well-formed but not of the kind the command has.
  case unexpectedReply(String)
  /// The server sent bytes that are not RESP2, or a reply beyond the configured limits.
  case protocolViolation(String)
  /// The command cannot be sent as it stands (empty, for example).
  case invalidCommand(String)

  /// Whether the same command may succeed later without a change by the operator.
  ///
  /// After `connectionLost` and `timeout` the command may have been executed once already: only commands that are
  /// safe to repeat should be repeated.
  package var isRetryable: Bool {
    switch self {
    case .connectionFailed, .connectionLost, .timeout, .overloaded: true
    case .server(let code, _): Self.passingCodes.contains(code)
    case .cancelled, .closed, .unexpectedReply, .protocolViolation, .invalidCommand: false
    }
  }

  /// Conditions a server reports while it starts, fails over or runs a script.
  private static let passingCodes: Set<String> = [
    "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "NOREPLICAS",
  ]
}

extension RedisError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .connectionFailed(let reason): "no connection to Redis: \(reason)"
    case .connectionLost(let reason): "connection to Redis lost: \(reason)"
    case .timeout: "Redis did not answer in time"
    case .overloaded: "too many Redis commands are waiting"
    case .cancelled: "the Redis command was cancelled"
    case .closed: "the Redis client is closed"
    case .server(let code, let message): "Redis answered \(code) \(message)"
    case .unexpectedReply(let detail): "unexpected Redis reply: \(detail)"
    case .protocolViolation(let detail): "Redis protocol violation: \(detail)"
    case .invalidCommand(let detail): "invalid Redis command: \(detail)"
    }
  }
}
