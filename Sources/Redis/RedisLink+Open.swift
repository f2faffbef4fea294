import CHiredis
import Glibc

extension RedisLink {
  /// Connects, signs in, chooses the database and waits for the answer to a PING.
  ///
  /// Blocks its thread for up to twice `connectTimeout` (TCP, then the greeting) after the name is resolved; resolution
  /// is the system's and takes what it takes. The PING keeps a server that accepts connections but answers nothing from counting as up.
  ///
  /// - Throws: `.connectionFailed` when the server is not reached or silent, `.server` when it refuses the account or
  ///   the database.
  static func open(_ configuration: RedisConfiguration) throws(RedisError) -> RedisLink {
    guard let port = Int32(exactly: configuration.port), !configuration.host.isEmpty else {
      throw .connectionFailed("the address is not valid")
    }
    let timeout = configuration.connectTimeout.timeval
    guard let context = redisConnectWithTimeout(configuration.host, port, timeout) else {
      throw .connectionFailed("out of memory")
    }
    guard context.pointee.err == 0, let reader = context.pointee.reader else {
      let reason = errorText(context)
      redisFree(context)
      throw .connectionFailed(reason)
    }
    let link = RedisLink(context: context, reader: reader, configuration: configuration)
    try link.applySocketOptions(configuration)
    do {
      try link.greet(configuration, deadline: .now + configuration.connectTimeout)
    } catch {
      switch error {
      case .connectionLost(let reason), .protocolViolation(let reason): throw .connectionFailed(reason)
      default: throw error
      }
    }
    return link
  }

  private func greet(_ configuration: RedisConfiguration, deadline: ContinuousClock.Instant) throws(RedisError) {
    if let password = configuration.password {
      let account = configuration.username.map { [RedisArgument($0)] } ?? []
      let reply = try exchange(["AUTH"] + account + [RedisArgument(password)], deadline: deadline)
      if case .error(let error) = reply { throw Self.signInError(error, password: password) }
    }
    if configuration.database != 0 {
      try exchange(["SELECT", RedisArgument(configuration.database)], deadline: deadline).expectOK()
    }
    if case .error(let error) = try exchange(["PING"], deadline: deadline), !Self.livingCodes.contains(error.code) {
      throw error.asError
    }
  }

  /// Error codes that a server gives which is there but not (yet) willing; commands then see the code themselves.
  private static let livingCodes: Set<String> = ["LOADING", "MASTERDOWN", "BUSY", "NOAUTH", "NOPERM", "MISCONF"]

  /// An old server repeats the arguments of a command it does not know; the password must not reach a log that way.
  private static func signInError(_ error: RedisServerError, password: String) -> RedisError {
    let isRepeated = error.message.contains(password) || error.message.contains("args beginning with")
    return .server(code: error.code, message: isRepeated ? "the server refused AUTH" : error.message)
  }

  /// Sends one command and waits for its reply.
  private func exchange(
    _ command: [RedisArgument], deadline: ContinuousClock.Instant
  ) throws(RedisError) -> RedisReply {
    var encoded: [UInt8] = []
    RedisArgument.append(command: command, to: &encoded)
    try enqueue(encoded)
    while true {
      if hasUnsentBytes { try flush() }
      if let reply = try nextReply() { return reply }
      let remaining = ContinuousClock.now.duration(to: deadline)
      guard remaining > .zero else { throw .connectionFailed("no answer to \(Self.name(of: command)) in time") }
      var entry = pollfd(fd: descriptor, events: Int16(hasUnsentBytes ? POLLIN | POLLOUT : POLLIN), revents: 0)
      if poll(&entry, 1, remaining.pollMilliseconds) > 0, Int32(entry.revents) & ~POLLOUT != 0 { try receive() }
    }
  }

  private static func name(of command: [RedisArgument]) -> String {
    for known in ["AUTH", "SELECT"] where command.first == RedisArgument(known) { return known }
    return "PING"
  }

  private func applySocketOptions(_ configuration: RedisConfiguration) throws(RedisError) {
    let seconds = Int32(clamping: max(1, configuration.peerTimeout.components.seconds))
    let options: [(level: Int32, name: Int32, value: Int32)] = [
      (Int32(IPPROTO_TCP), TCP_NODELAY, 1),
      (Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, configuration.peerTimeout.pollMilliseconds),
      (SOL_SOCKET, SO_KEEPALIVE, 1),
      (Int32(IPPROTO_TCP), TCP_KEEPIDLE, seconds),
      (Int32(IPPROTO_TCP), TCP_KEEPINTVL, max(1, seconds / 3)),
      (Int32(IPPROTO_TCP), TCP_KEEPCNT, 3),
    ]
    for option in options {
      var value = option.value
      let size = socklen_t(MemoryLayout<Int32>.size)
      guard setsockopt(descriptor, option.level, option.name, &value, size) == 0 else {
        throw .connectionFailed("socket option \(option.name) refused, errno \(errno)")
      }
    }
    let status = fcntl(descriptor, F_GETFL)
    guard status >= 0, fcntl(descriptor, F_SETFL, status | O_NONBLOCK) == 0,
      fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
    else { throw .connectionFailed("descriptor flags refused, errno \(errno)") }
  }
}
