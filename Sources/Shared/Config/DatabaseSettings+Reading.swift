import SharedModel

extension DatabaseSettings {
  /// Arguments of `DB_CONNECTION_ARGS` handed to libpq by the same name.
  private static let passedOn = [
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "sslsni", "ssl_min_protocol_version",
    "channel_binding", "gssencmode", "hostaddr", "application_name", "keepalives", "keepalives_idle",
    "keepalives_interval", "keepalives_count", "tcp_user_timeout", "target_session_attrs", "options",
  ]
  /// Arguments for Quay's own database layer that mean nothing here.
  private static let withoutMeaning = ["threadlocals", "autorollback", "stale_timeout", "timeout"]
  /// Arguments that become settings of Meridian's pool.
  private static let pool = ["max_connections", "connect_timeout", "pipeline_connections", "statement_timeout"]

  /// Reads `DB_URI`, `DB_READ_URI` and `DB_CONNECTION_ARGS`.
  init(_ root: ConfigurationSection) throws(ConfigurationError) {
    guard root.value("DB_URI") != nil else {
      throw root.missing("DB_URI", hint: "give postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    }
    let section =
      try root.section("DB_CONNECTION_ARGS")
      ?? ConfigurationSection(path: "DB_CONNECTION_ARGS", origin: .unknown, entries: [])
    try section.refuseKeys(notIn: Self.passedOn + Self.withoutMeaning + Self.pool + ["ssl"])
    var arguments: [(String, String)] = []
    for name in Self.passedOn {
      if let text = try section.text(name) { arguments.append((name, text)) }
    }
    // The form Quay documents for MySQL: {ssl: {ca: FILE}} means "verify against this file".
    if let ssl = try section.section("ssl") {
      try ssl.refuseKeys(notIn: ["ca"])
      if let file = try ssl.text("ca") {
        if section.value("sslmode") == nil { arguments.append(("sslmode", "verify-full")) }
        if section.value("sslrootcert") == nil { arguments.append(("sslrootcert", file)) }
      }
    }
    let primary = try DatabaseURI("DB_URI", in: root, arguments: arguments)
    uri = primary.uri
    summary = primary.summary
    readURI =
      root.value("DB_READ_URI") == nil ? nil : try DatabaseURI("DB_READ_URI", in: root, arguments: arguments).uri
    poolSize = Int(try section.integer("max_connections", in: 1...256) ?? 8)
    pipelineConnections = Int(try section.integer("pipeline_connections", in: 1...32) ?? 2)
    connectTimeout = .seconds(try section.integer("connect_timeout", in: 1...300) ?? 5)
    statementTimeout = .seconds(try section.integer("statement_timeout", in: 1...3600) ?? 30)
  }
}

extension RedisSettings {
  /// Reads `BUILDLOGS_REDIS`, else `USER_EVENTS_REDIS`; both are checked where both are written.
  init(_ root: ConfigurationSection) throws(ConfigurationError) {
    let events = try root.section("USER_EVENTS_REDIS").map(RedisSettings.init(section:))
    guard let settings = try root.section("BUILDLOGS_REDIS").map(RedisSettings.init(section:)) ?? events else {
      throw root.missing("BUILDLOGS_REDIS", hint: "give {host: HOST, port: PORT, password: PASSWORD}")
    }
    self = settings
  }

  private init(section: ConfigurationSection) throws(ConfigurationError) {
    try section.refuseKeys(
      notIn: [
        "host", "port", "username", "password", "db", "ssl", "ssl_ca_certs", "ssl_cert_reqs", "ssl_check_hostname",
      ])
    guard let host = try section.text("host"), !host.isEmpty else { throw section.missing("host") }
    guard host.utf8.count <= 253,
      host.utf8.allSatisfy({
        $0.isWord || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
      })
    else { throw section.invalid("host", host, "must be a host name or an address, without scheme and path") }
    guard try section.boolean("ssl") != true else {
      throw .notAvailable(key: section.place("ssl"), reason: "TLS to Redis is not available yet")
    }
    self.host = host
    port = Int(try section.integer("port", in: 1...65535) ?? 6379)
    username = try section.text("username").flatMap { $0.isEmpty ? nil : $0 }
    password = try section.secret("password").flatMap { $0.revealed.isEmpty ? nil : $0 }
    database = Int(try section.integer("db", in: 0...65535) ?? 0)
    guard username == nil || password != nil else { throw section.invalid("username", nil, "needs a password") }
  }
}
