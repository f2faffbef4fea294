import SharedModel

/// Where an object store answers: scheme, host and port, nothing else.
package struct StoreEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// `http` or `https`.
  package let scheme: String
  /// A name or an address; an IPv6 address in brackets.
  package let host: String
  package let port: Int

  /// `scheme://host`, with `:port` where it is not the scheme's own.
  package var description: String { isDefaultPort ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(port)" }

  /// Whether the port is 80 for `http` or 443 for `https`.
  package var isDefaultPort: Bool { port == Self.defaultPort(scheme) }

  /// Makes an endpoint of a host that may carry its own port; nil where the host is no host or the port no port.
  package init?(scheme: String, host text: some StringProtocol, port: Int? = nil) {
    guard let (host, written) = Self.split(String(text)), port == nil || written == nil || port == written else {
      return nil
    }
    let port = port ?? written ?? Self.defaultPort(scheme)
    guard scheme == "http" || scheme == "https", (1...65535).contains(port) else { return nil }
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// Parses `http://host[:port]` or `https://…`, a slash at the end allowed; no user, path, query or fragment.
  package init?(parsing text: String) {
    for scheme in ["https", "http"] where text.lowercased().hasPrefix("\(scheme)://") {
      let rest = text.dropFirst(scheme.count + 3)
      self.init(scheme: scheme, host: rest.hasSuffix("/") ? rest.dropLast() : rest)
      return
    }
    return nil
  }

  private static func defaultPort(_ scheme: String) -> Int { scheme == "https" ? 443 : 80 }

  private static func split(_ text: String) -> (host: String, port: Int?)? {
    var host = text[...]
    var port: Int?
    let afterBracket = text.lastIndex(of: "]").map { text.index(after: $0) } ?? text.startIndex
    if let colon = text[afterBracket...].firstIndex(of: ":") {
      let digits = text[text.index(after: colon)...]
      guard !digits.isEmpty, digits.utf8.count <= 5, digits.utf8.allSatisfy(\.isDigit), let number = Int(digits) else {
        return nil
      }
      port = number
      host = text[..<colon]
    }
    guard isHost(host) else { return nil }
    return (String(host), port)
  }

  private static func isHost(_ host: Substring) -> Bool {
    if host.hasPrefix("["), host.hasSuffix("]") {
      let address = host.dropFirst().dropLast().utf8
      return !address.isEmpty
        && address.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") || isHexLetter($0) }
    }
    return !host.isEmpty && host.utf8.count <= 253
      && host.utf8.allSatisfy { $0.isWord || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
  }

  private static func isHexLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
  }
}
