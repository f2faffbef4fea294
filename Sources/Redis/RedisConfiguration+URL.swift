/// Why a Redis URL was refused; the reason never repeats the URL, which may hold a password.
package enum RedisConfigurationError: Error, Sendable, Equatable {
  case invalidURL(reason: String)
}

extension RedisConfiguration {
  /// Reads `redis://[user[:password]@]host[:port][/database]` and takes the defaults for everything else.
  ///
  /// User and password may be percent-encoded; an empty user (`redis://:secret@host`) is the default user. An IPv6
  /// address stands in square brackets. `rediss` is refused: this driver speaks no TLS of its own.
  package init(url: String) throws(RedisConfigurationError) {
    guard let schemeEnd = url.firstRange(of: "://") else { throw .invalidURL(reason: "no scheme") }
    let scheme = url[..<schemeEnd.lowerBound].lowercased()
    guard scheme == "redis" else { throw .invalidURL(reason: "the scheme must be redis") }
    let rest = url[schemeEnd.upperBound...]
    guard !rest.contains("?"), !rest.contains("#") else {
      throw .invalidURL(reason: "query and fragment are not known")
    }

    let authorityEnd = rest.firstIndex(of: "/") ?? rest.endIndex
    var address = rest[..<authorityEnd]
    var user: String?
    var secret: String?
    if let at = address.lastIndex(of: "@") {
      let account = address[..<at]
      address = address[address.index(after: at)...]
      let colon = account.firstIndex(of: ":")
      user = try Self.percentDecoded(account[..<(colon ?? account.endIndex)])
      if let colon { secret = try Self.percentDecoded(account[account.index(after: colon)...]) }
      if user?.isEmpty == true { user = nil }
      if secret?.isEmpty == true { secret = nil }
      guard user == nil || secret != nil else { throw .invalidURL(reason: "a user without a password") }
    }
    let (host, port) = try Self.hostAndPort(address)
    let path = rest[authorityEnd...].dropFirst()
    guard let database = path.isEmpty ? 0 : Self.decimal(path), database <= 65_535 else {
      throw .invalidURL(reason: "the database must be a number")
    }
    self.init(host: host, port: port, username: user, password: secret, database: database)
  }

  private static func hostAndPort(_ address: Substring) throws(RedisConfigurationError) -> (String, Int) {
    var host = address
    var portText: Substring?
    if address.first == "[" {
      guard let end = address.firstIndex(of: "]") else { throw .invalidURL(reason: "no closing bracket") }
      host = address[address.index(after: address.startIndex)..<end]
      let tail = address[address.index(after: end)...]
      guard tail.isEmpty || tail.first == ":" else { throw .invalidURL(reason: "no port after the bracket") }
      portText = tail.isEmpty ? nil : tail.dropFirst()
    } else if let colon = address.firstIndex(of: ":") {
      host = address[..<colon]
      portText = address[address.index(after: colon)...]
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { throw .invalidURL(reason: "no host") }
    guard let portText else { return (String(host), 6379) }
    guard let port = decimal(portText), (1...65_535).contains(port) else {
      throw .invalidURL(reason: "the port is wrong")
    }
    return (String(host), port)
  }

  /// A number of ASCII digits only, nil for anything else or on overflow.
  private static func decimal(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }

  private static func percentDecoded(_ text: Substring) throws(RedisConfigurationError) -> String {
    var bytes: [UInt8] = []
    var iterator = text.utf8.makeIterator()
    while let byte = iterator.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = iterator.next().flatMap(hexDigit), let low = iterator.next().flatMap(hexDigit) else {
        throw .invalidURL(reason: "a broken percent escape")
      }
      bytes.append(high << 4 | low)
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw .invalidURL(reason: "user or password are not UTF-8")
    }
    return decoded
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.flatMap { UInt8(exactly: $0) }
  }
}
