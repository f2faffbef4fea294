import CLibPQ
import Glibc

extension WireConnection {
  /// Opens a session with the group's server; blocks the calling thread for at most the connect timeout per host (and
  /// the system's resolver).
  static func open(
    _ group: ServerGroup, _ configuration: PostgresConfiguration, notices: NoticeSink, wake: WakeSignal,
    streamsRows: Bool, isStopping: @escaping () -> Bool
  ) -> Result<WireConnection, ConnectFailure> {
    let opened: Result<ServerElection.Winner, ConnectFailure>
    if group.hasChoice {
      var election = ServerElection(group, wake: wake, isStopping: isStopping)
      opened = election.run()
    } else {
      opened = open(group.target, wake: wake, isStopping: isStopping).map {
        ServerElection.Winner(handle: $0, server: 0)
      }
    }
    return opened.flatMap { winner in
      notices.attach(to: winner.handle)
      let wire = WireConnection(
        handle: winner.handle, server: winner.server, of: group, notices: notices, streamsRows: streamsRows,
        configuration: configuration)
      guard PQsetnonblocking(winner.handle, 1) == 0, PQenterPipelineMode(winner.handle) == 1 else {
        return .failure(ConnectFailure(message: "pipeline mode is not available", isPermanent: true))
      }
      return .success(wire)
    }
  }

  /// Opens a connection where libpq chooses among the hosts.
  ///
  /// libpq walks the URI's hosts itself; only a host that stays silent is skipped here, because libpq applies
  /// `connect_timeout` in its blocking calls only, and those cannot be stopped and hide the SQLSTATE.
  private static func open(
    _ target: ConnectionTarget, wake: WakeSignal, isStopping: () -> Bool
  ) -> Result<OpaquePointer, ConnectFailure> {
    var target = target
    var silent: [String] = []
    while true {
      switch attempt(target, wake, isStopping) {
      case .connected(let handle): return .success(handle)
      case .refused(let failure):
        let message = (silent + [failure.message]).joined(separator: "; ")
        return .failure(ConnectFailure(message: message, isPermanent: failure.isPermanent))
      case .silent(let host, let position):
        silent.append("connection to \(host.name), port \(host.port) timed out")
        guard let rest = target.dropping(hosts: position + 1) else {
          return .failure(ConnectFailure(message: silent.joined(separator: "; "), isPermanent: false))
        }
        target = rest
      }
    }
  }

  private enum Attempt {
    case connected(OpaquePointer)
    case refused(ConnectFailure)
    /// A host that answered nothing within the connect timeout, and its position in the target.
    case silent(ConnectionTarget.Host, position: Int)
  }

  private static func attempt(_ target: ConnectionTarget, _ wake: WakeSignal, _ isStopping: () -> Bool) -> Attempt {
    guard let handle = start(target) else {
      return .refused(ConnectFailure(message: "out of memory", isPermanent: false))
    }
    // VERBOSE puts the SQLSTATE into the message of a failed login, where there is no result to ask for it.
    PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
    var phase = PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
    var host = currentHost(handle)
    var deadline = ContinuousClock.now + target.connectTimeout
    while true {
      switch phase {
      case PGRES_POLLING_OK:
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        return .connected(handle)
      case PGRES_POLLING_FAILED:
        let failure = ConnectFailure(libpqMessage: String(cString: PQerrorMessage(handle)), target: target)
        PQfinish(handle)
        return .refused(failure)
      default: break
      }
      let events = phase == PGRES_POLLING_READING ? POLLIN : POLLOUT
      let isReady = awaitReady(PQsocket(handle), events: events, wake: wake, until: deadline)
      if isStopping() {
        PQfinish(handle)
        return .refused(ConnectFailure(message: "the client is closing", isPermanent: true))
      }
      if isReady { phase = PQconnectPoll(handle) }
      if host != currentHost(handle) {
        host = currentHost(handle)
        deadline = ContinuousClock.now + target.connectTimeout
      } else if !isReady, ContinuousClock.now >= deadline {
        PQfinish(handle)
        let position = target.hosts.firstIndex(of: host) ?? target.hosts.count
        return .silent(host, position: position)
      }
    }
  }

  private static func currentHost(_ handle: OpaquePointer) -> ConnectionTarget.Host {
    ConnectionTarget.Host(
      name: PQhost(handle).map { String(cString: $0) } ?? "", port: PQport(handle).map { String(cString: $0) } ?? "")
  }

  static func start(_ target: ConnectionTarget) -> OpaquePointer? {
    // libpq copies both arrays and all strings before it returns.
    let words = target.settings.map { (strdup($0.key), strdup($0.value)) }
    defer {
      for (keyword, value) in words {
        free(keyword)
        free(value)
      }
    }
    let keywords = words.map { UnsafePointer($0.0) } + [nil]
    let values = words.map { UnsafePointer($0.1) } + [nil]
    return PQconnectStartParams(keywords, values, 0)
  }
}

extension ConnectFailure {
  /// A failure from libpq's verbose message: `… FATAL:  28P01: password …`, one line per host, with LOCATION lines.
  init(libpqMessage: String, target: ConnectionTarget) {
    let lines = libpqMessage.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("LOCATION:") }
    var codes: [Substring] = []
    let cleaned = lines.map { line -> String in
      guard let range = line.firstRange(of: ":  "), let code = Self.sqlState(after: line[range.upperBound...]) else {
        return String(line)
      }
      codes.append(code)
      return line[..<range.lowerBound] + ": " + line[range.upperBound...].dropFirst(7)
    }
    message = target.redact(cleaned.joined(separator: "\n"))
    // 28 = invalid authorization, 3D000 = no such database, 42501 = no CONNECT privilege. TLS refusals carry no code.
    let isRefusal = codes.contains { $0.hasPrefix("28") || $0 == "3D000" || $0 == "42501" }
    let isLocal = ["no password supplied", "certificate", "does not support SSL", "invalid"].contains {
      libpqMessage.contains($0)
    }
    isPermanent = isRefusal || (codes.isEmpty && isLocal)
  }

  private static func sqlState(after text: Substring) -> Substring? {
    let code = text.prefix(5)
    let isCode = code.utf8.count == 5 && code.allSatisfy { $0.isASCII && ($0.isUppercase || $0.isNumber) }
    return isCode && text.dropFirst(5).hasPrefix(": ") ? code : nil
  }
}
