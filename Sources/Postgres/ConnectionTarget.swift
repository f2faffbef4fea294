import CLibPQ

/// The libpq settings of a session: what the URI says, completed by Meridian's defaults.
struct ConnectionTarget: Sendable {
  /// One host of the URI, in the order libpq tries them.
  struct Host: Sendable, Equatable {
    let name: String
    let port: String
  }

  var settings: [String: String]
  let connectTimeout: Duration

  /// - Throws: ``PostgresError/connectionFailed(_:)`` if the URI cannot be parsed; the message never quotes it, because
  ///   libpq's own message may quote the password.
  init(_ configuration: PostgresConfiguration) throws(PostgresError) {
    let uri = try Self.normalise(configuration.uri)
    var settings = try Self.parse(uri)
    let given = settings
    func fill(_ keyword: String, _ value: String) {
      if given[keyword] == nil { settings[keyword] = value }
    }
    if let hosts = given["host"] ?? given["hostaddr"], hosts.contains(",") {
      fill("target_session_attrs", configuration.wantsPrimary ? "read-write" : "any")
    }
    fill("fallback_application_name", configuration.applicationName)
    fill("keepalives_idle", "30")
    fill("keepalives_interval", "10")
    fill("keepalives_count", "3")
    fill("tcp_user_timeout", String(configuration.tcpUserTimeout.milliseconds))
    settings["client_encoding"] = "UTF8"
    // Put before the URI's own options: of two settings of one parameter the server takes the later.
    settings["options"] =
      "-c statement_timeout=\(configuration.statementTimeout.milliseconds)"
      + " -c lock_timeout=\(configuration.lockTimeout.milliseconds)"
      + " -c idle_in_transaction_session_timeout=\(configuration.idleInTransactionTimeout.milliseconds)"
      + (given["options"].map { " \($0)" } ?? "")
    if let text = given["connect_timeout"], let seconds = Int64(text), seconds > 0 {
      // libpq raises anything shorter to 2 s (fe-connect.c, connectDBComplete).
      connectTimeout = .seconds(min(max(2, seconds), 3600))
    } else {
      connectTimeout = configuration.connectTimeout
    }
    self.settings = settings
  }

  /// The hosts libpq will try.
  var hosts: [Host] {
    let names = Self.list(settings["host"] ?? settings["hostaddr"])
    let ports = Self.list(settings["port"])
    return names.enumerated().map { index, name in
      let port = ports.count == 1 ? ports[0] : ports.indices.contains(index) ? ports[index] : ""
      return Host(name: name, port: port.isEmpty ? "5432" : port)
    }
  }

  /// The same target without its first `count` hosts, nil if none would be left.
  func dropping(hosts count: Int) -> ConnectionTarget? {
    guard hosts.count > count else { return nil }
    var rest = self
    for keyword in ["host", "hostaddr", "port"] {
      let list = Self.list(settings[keyword])
      if list.count > 1 { rest.settings[keyword] = list.dropFirst(count).joined(separator: ",") }
    }
    return rest
  }

  /// A libpq message as one line without the password.
  func redact(_ message: String) -> String {
    let line = message.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: "; ")
    guard let password = settings["password"], password.utf8.count >= 3 else { return line }
    return Self.replace(password, in: line)
  }

  private static func replace(_ secret: String, in text: String) -> String {
    var rest = Substring(text)
    var result = ""
    while let character = rest.first {
      if rest.hasPrefix(secret) {
        result += "***"
        rest = rest.dropFirst(secret.count)
      } else {
        result.append(character)
        rest = rest.dropFirst()
      }
    }
    return result
  }

  static func list(_ value: String?) -> [String] {
    value.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
  }

  /// `postgresql://`, from the spellings Quay's `DB_URI` uses (SQLAlchemy's `dialect+driver`).
  private static func normalise(_ uri: String) throws(PostgresError) -> String {
    guard let range = uri.firstRange(of: "://") else { throw .connectionFailed("the database URI has no scheme") }
    let scheme = uri[..<range.lowerBound].lowercased()
    let dialect = scheme.prefix { $0 != "+" }
    guard dialect == "postgresql" || dialect == "postgres", !uri.utf8.contains(0) else {
      throw .connectionFailed("the database URI is not a postgresql:// URI")
    }
    return "postgresql" + uri[range.lowerBound...]
  }

  private static func parse(_ uri: String) throws(PostgresError) -> [String: String] {
    var reason: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(uri, &reason) else {
      let message = reason.map { String(cString: $0) } ?? ""
      PQfreemem(reason)
      if message.hasPrefix("invalid URI query parameter: ") {
        throw .connectionFailed(message.filter { !$0.isNewline })
      }
      throw .connectionFailed(
        "the database URI cannot be parsed (percent-encode special characters in the user name and password)")
    }
    defer { PQconninfoFree(options) }
    var settings: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { settings[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    return settings
  }
}
